#!/usr/bin/env bash
# Compares the benchmarks of the work tree with those of another revision: make bench-compare REF=...
# The other revision is checked out below build/ and removed again.
set -euo pipefail
ref=${1:?usage: make bench-compare REF=<revision>}
cd "$(dirname "$0")/.."
other=build/compared
trap 'git worktree remove --force "$other" 2>/dev/null || true' EXIT
mkdir -p build
git worktree remove --force "$other" 2>/dev/null || true
git worktree add --quiet --detach "$other" "$ref"
make bench
cp build/bench.txt build/bench-new.txt
make -C "$other" bench
cp "$other/build/bench.txt" build/bench-old.txt
"$BENCHSTAT" build/bench-old.txt build/bench-new.txt
