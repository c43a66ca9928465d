#!/usr/bin/env bash
# Measures cos_encrypted_prefix over a bucket of many objects, of which every hundredth is plain:
# scripts/measure-prefix.sh <cli> <folder of the binaries> <objects>
# Prints, for each step, time, requests by operation, and peak memory of provider and CLI.
set -euo pipefail
cli=$1 bin=$2 objects=$3
work=$(mktemp -d)
trap 'kill "$emulator" 2>/dev/null || true; rm -rf "$work"' EXIT

"$bin/cosemu" -addr 127.0.0.1:0 -admin 127.0.0.1:0 -region ap-guangzhou \
	-bucket examplebucket-1250000000 -bucket audit-1250000000 -objects "$objects" \
	-ca-out "$work/ca.pem" >"$work/cosemu.log" 2>&1 &
emulator=$!
until grep -q "cosemu ready" "$work/cosemu.log"; do sleep 0.1; done
endpoint=$(sed -n 's/.*cosemu ready \(https:[^ ]*\).*/\1/p' "$work/cosemu.log")
admin=$(grep -o 'http://127.0.0.1:[0-9]*' "$work/cosemu.log" | head -1)

cat >"$work/cli.tfrc" <<TFRC
provider_installation {
  dev_overrides {
    "encrypted-cos/cos" = "$bin"
  }
  direct {}
}
TFRC
cat >"$work/main.tf" <<TF
terraform {
  required_providers {
    cos = { source = "encrypted-cos/cos" }
  }
}

provider "cos" {
  region           = "ap-guangzhou"
  secret_id        = "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q"
  secret_key       = "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz"
  endpoint         = "${endpoint//ap-guangzhou/\{region\}}"
  custom_ca_bundle = "$work/ca.pem"
}

resource "cos_encrypted_prefix" "all" {
  bucket = "examplebucket-1250000000"
  prefix = ""
  sse {
    cos {}
  }
  evidence {
    bucket = "audit-1250000000"
    prefix = "encryption/"
  }
  audit {
    max_age      = "0s"
    max_duration = "0s"
    rate         = 0
  }
}
TF
export TF_CLI_CONFIG_FILE=$work/cli.tfrc CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 NO_COLOR=1
cd "$work"

# peak PID FILE: keeps the greatest resident memory of a process in a file, in KiB.
peak() {
	local now
	now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null) || return 0
	if [ -n "$now" ] && [ "$now" -gt "$(cat "$2")" ]; then echo "$now" >"$2"; fi
}

step() {
	local name=$1 started
	shift
	echo 0 >provider.peak
	echo 0 >core.peak
	curl -sf -X DELETE "$admin/journal" >/dev/null
	started=$(date +%s.%N)
	"$cli" "$@" >step.log 2>&1 &
	local run=$!
	while kill -0 "$run" 2>/dev/null; do
		peak "$run" core.peak
		for child in $(pgrep -P "$run" || true); do peak "$child" provider.peak; done
		sleep 0.05
	done
	wait "$run" || { cat step.log; exit 1; }
	printf '%-28s %7.1f s   provider %4d MiB   core %4d MiB   %s\n' "$name" \
		"$(echo "$(date +%s.%N) - $started" | bc)" "$(($(cat provider.peak) / 1024))" \
		"$(($(cat core.peak) / 1024))" "$(curl -sf "$admin/requests" | tr -d '{}"\n ')"
}

echo "$objects objects"
step "create: audit" apply -auto-approve
step "update: fix $((objects / 100))" apply -auto-approve
sleep 61 # What was written within a minute before a listing is not trusted.
step "audit: look at what was fixed" apply -auto-approve
step "audit: nothing changed" apply -auto-approve
echo "state $(wc -c <terraform.tfstate) bytes, ledger $(sed -n 's/.*"size": *\([0-9]*\).*/\1/p' \
	<(grep -o '"private": "[^"]*"' terraform.tfstate | cut -d'"' -f4 | base64 -d |
		grep -o '"audit":"[^"]*"' | cut -d'"' -f4 | base64 -d | sed 's/"size"/\n&/')) bytes"
