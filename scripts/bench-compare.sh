#!/usr/bin/env bash
# Compares the benchmarks of the work tree with those of another revision: make bench-compare REF=...
set -euo pipefail
ref=${1:?usage: make bench-compare REF=<revision>}
cd "$(dirname "$0")/.."
other=$(mktemp -d)
trap 'git worktree remove --force "$other/tree" 2>/dev/null || true; rm -rf "$other"' EXIT
mkdir -p build
git worktree add --quiet --detach "$other/tree" "$ref"
make bench
cp build/bench.txt build/bench-new.txt
make -C "$other/tree" bench
cp "$other/tree/build/bench.txt" build/bench-old.txt
"$BENCHSTAT" build/bench-old.txt build/bench-new.txt
