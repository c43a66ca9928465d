#!/usr/bin/env bash
# Prints what CHANGELOG.md says about one version, which is what its release says:
# scripts/release-notes.sh <version, without v>
set -euo pipefail
version=$1
cd "$(dirname "$0")/.."
notes=$(awk -v version="$version" '
	/^## / { inside = $2 == version; next }
	inside { print }
' CHANGELOG.md | sed -e '/./,$!d')
if [ -z "$notes" ]; then
	echo "CHANGELOG.md has no section \"## $version\"" >&2
	exit 1
fi
printf '%s\n' "$notes"
