#!/usr/bin/env bash
# Plans every example of the documentation, each as a configuration of its own, and tests the modules,
# with the provider in a folder, against an emulator of that folder:
# scripts/check-examples.sh <cli> <folder of provider and emulator>
# Examples that need a newer CLI than the one given are left out, and said so.
set -euo pipefail
cli=$1 bin=$2
cd "$(dirname "$0")/.."
work=$PWD/build/examples
rm -rf "$work"
mkdir -p "$work"
emulators=()
trap 'for pid in "${emulators[@]}"; do kill "$pid" 2>/dev/null || true; done' EXIT

cat >"$work/cli.tfrc" <<EOF
provider_installation {
  dev_overrides {
    "encrypted-cos/cos" = "$bin"
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
# Nobody's own settings, and credentials that only an emulator takes.
while read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(TENCENTCLOUD_|COS_|TF_VAR_|TF_COS_|TKE_)' || true)
export TF_CLI_CONFIG_FILE=$work/cli.tfrc CHECKPOINT_DISABLE=1 TF_COS_CHECKPOINT_DIR=off
export TENCENTCLOUD_REGION=ap-guangzhou TENCENTCLOUD_SECRET_ID=AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q
export TENCENTCLOUD_SECRET_KEY=BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz
key=cThWdzJMazBacFQ1eVJiN1hjTjNtSHM5RGZHajFhRXU=
other=bTNIczlEZkdqMWFFdXE4VncyTGswWnBUNXlSYjdYY04=
export TF_VAR_customer_keys="{\"contracts-2025\": \"$key\", \"contracts-2026\": \"$key\"}"
export TF_VAR_token_key=$key TF_VAR_payroll_key=$key TF_VAR_old_key=$key TF_VAR_new_key=$other
export TF_VAR_kms_key_id=48ba38aa-26c5-11ea-855c-52540085dead TF_VAR_token=text
version=$("$cli" version | sed -n '1s/.*v\([0-9]*\.[0-9]*\).*/\1/p')

# at_least X: is the CLI's version X or newer?
at_least() { printf "%s\n%s\n" "$1" "$version" | sort -V -C; }

# start NAME TOKEN_HAS_A_KEY: an emulator with what examples expect to find; sets COS_ENDPOINT.
start() {
	"$bin/cosemu" -addr 127.0.0.1:0 -ca-out "$work/$1.pem" -region ap-guangzhou -region ap-beijing \
		-bucket examplebucket-1250000000 -bucket otherbucket-1250000000 \
		-bucket modulebucket-1250000000 -bucket audit-1250000000 \
		-bucket archive-1250000000@ap-beijing -kms-key 48ba38aa-26c5-11ea-855c-52540085dead \
		-kms-key 8a4b1c9e-0000-4000-8000-000000000000 >"$work/$1.out" 2>"$work/$1.err" &
	emulators+=($!)
	for _ in $(seq 100); do
		[ -s "$work/$1.out" ] && break
		sleep 0.1
	done
	read -r _ _ endpoint <"$work/$1.out" || { cat "$work/$1.err" >&2; exit 1; }
	export COS_ENDPOINT=${endpoint/ap-guangzhou/{region\}} COS_CA_BUNDLE=$work/$1.pem
	mkdir -p "$work/seed-$1"
	cp scripts/examples-seed.tf "$work/seed-$1/"
	TF_VAR_token_has_a_key=$2 "$cli" -chdir="$work/seed-$1" apply -auto-approve -input=false -no-color \
		>"$work/seed-$1/log" 2>&1 || { cat "$work/seed-$1/log" >&2; exit 1; }
}

# check FOLDER NAME: is the configuration valid, and can it be planned?
check() {
	local output
	# The files that an example names beside itself.
	while read -r file; do
		case $file in
		site) mkdir -p "$1/site" && echo x >"$1/site/index.html" ;;
		*) echo x >"$1/$file" ;;
		esac
	done < <(sed -n '/output_path\|report_path/!s#.*${path.module}/\([A-Za-z0-9._-]*\).*#\1#p' "$1"/*.tf 2>/dev/null | sort -u)
	if ! output=$("$cli" -chdir="$1" validate -no-color 2>&1); then
		printf '%s is not valid:\n%s\n' "$2" "$output"
		failed=1
	elif ! output=$("$cli" -chdir="$1" plan -input=false -lock=false -no-color 2>&1); then
		printf '%s cannot be planned:\n%s\n' "$2" "$output"
		failed=1
	fi
	checked=$((checked + 1))
}

failed=0 checked=0
start keyed true
keyed=("$COS_ENDPOINT" "$COS_CA_BUNDLE")
start plain false
plain=("$COS_ENDPOINT" "$COS_CA_BUNDLE")
while read -r example; do
	case $example in
	examples/demo/* | examples/modules/*) continue ;;
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
	cloud=("${plain[@]}")
	case $example in *_sse_c.tf) cloud=("${keyed[@]}") ;; esac
	COS_ENDPOINT=${cloud[0]} COS_CA_BUNDLE=${cloud[1]} check "$folder" "$example"
done < <(git ls-files -co --exclude-standard 'examples/*.tf' 'examples/*.hcl')

# Blocks that pages have of their own. The others are the examples above.
for page in README.md templates/*.tmpl templates/*/*.tmpl; do
	# TestCLIGuide of cmd/cosemu runs each block of this page, in order and with its commands.
	[ "$page" != templates/guides/local-development.md.tmpl ] || continue
	block=0
	while IFS= read -r -d $'\x01' text; do
		block=$((block + 1))
		[ "$page" != templates/guides/opentofu.md.tmpl ] || "$cli" version | grep -q OpenTofu || continue
		folder=$work/pages/$page-$block
		mkdir -p "$folder"
		printf '%s' "$text" >"$folder/main.tf"
		grep -q required_providers "$folder/main.tf" || cp "$work/versions.tf" "$folder/"
		TF_VAR_state_passphrase=correct-horse-battery check "$folder" "block $block of $page"
	done < <(awk '/^ *```(hcl|terraform)$/ { on = 1; next } on && /^ *```$/ { on = 0; printf "\001"; next } on' "$page")
done
echo "$checked examples planned"

for module in examples/modules/*/; do
	mkdir -p "$work/modules"
	cp -r "$module" "$work/modules/"
	folder=$work/modules/$(basename "$module")
	"$cli" -chdir="$folder" get >/dev/null # the modules that tests use; providers need no init
	# Variables of modules come from their tests alone.
	if ! output=$(env -u TF_VAR_kms_key_id "$cli" -chdir="$folder" test -no-color 2>&1); then
		printf '%s fails its tests:\n%s\n' "$module" "$output"
		failed=1
	fi
	echo "${output##*$'\n'}: $module"
done
exit $failed
