#!/usr/bin/env bash
# Prints the path of the Terraform or OpenTofu CLI that tests and the demonstration use: the one
# that TF_ACC_TERRAFORM_PATH names, terraform or tofu on PATH, or one installed into build/bin.
set -euo pipefail
cd "$(dirname "$0")/.."

for cli in "${TF_ACC_TERRAFORM_PATH:-}" terraform tofu build/bin/terraform; do
	[ -n "$cli" ] || continue
	path=$(command -v "$cli" || true)
	[ -n "$path" ] || continue
	# Not through head: a CLI that still writes when head has gone would fail with SIGPIPE.
	version=$(TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 "$path" version)
	version=${version%%$'\n'*}
	if [[ $version =~ v([0-9]+)\.([0-9]+) ]] &&
		((BASH_REMATCH[1] > 1 || BASH_REMATCH[1] == 1 && BASH_REMATCH[2] >= 11)); then
		realpath -s "$path"
		exit 0
	fi
	echo "$path is $version; 1.11 or newer is needed" >&2
done
mkdir -p build/bin
(cd tools && go build -o ../build/bin/install-terraform ./terraform)
exec build/bin/install-terraform -dir "$PWD/build/bin"
