#!/usr/bin/env bash
# Validates every example file of the documentation, each as a configuration of its own, with the
# provider in a folder: scripts/check-examples.sh <cli> <folder of the provider>
# Examples that need a newer CLI than the one given are left out, and said so.
set -euo pipefail
cli=$1 provider=$2
cd "$(dirname "$0")/.."
work=$PWD/build/examples
rm -rf "$work"
mkdir -p "$work"

cat >"$work/cli.tfrc" <<EOF
provider_installation {
  dev_overrides {
    "encrypted-cos/cos" = "$provider"
  }
  direct {}
}
EOF
cat >"$work/versions.tf" <<'EOF'
terraform {
  required_providers {
    cos = {
      source = "encrypted-cos/cos"
    }
  }
}
EOF
export TF_CLI_CONFIG_FILE=$work/cli.tfrc CHECKPOINT_DISABLE=1
version=$("$cli" version | sed -n '1s/.*v\([0-9]*\.[0-9]*\).*/\1/p')

# at_least X: is the CLI's version X or newer?
at_least() { printf "%s\n%s\n" "$1" "$version" | sort -V -C; }

failed=0 checked=0
while read -r example; do
	case $example in
	examples/demo/*) continue ;;
	*/import-by-identity.tf) needs=1.12 ;;
	*/actions/* | *.tfquery.hcl) needs=1.14 ;;
	*) needs=1.11 ;;
	esac
	if ! at_least "$needs"; then
		echo "$example: not checked, needs $needs and the CLI is $version"
		continue
	fi
	folder=$work/$(dirname "${example#examples/}")/$(basename "$example" .tf)
	mkdir -p "$folder"
	cp "$example" "$folder/"
	grep -q required_providers "$example" || cp "$work/versions.tf" "$folder/"
	# An import names a resource that the reader has; the example does not repeat it.
	case $example in */import-by-*.tf) cp "$(dirname "$example")/resource.tf" "$folder/" ;; esac
	if ! output=$("$cli" -chdir="$folder" validate -no-color 2>&1); then
		echo "$example is not valid:"
		echo "$output"
		failed=1
	fi
	checked=$((checked + 1))
done < <(git ls-files -co --exclude-standard 'examples/*.tf' 'examples/*.hcl')
echo "$checked examples checked"
exit $failed
