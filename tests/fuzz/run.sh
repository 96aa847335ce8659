#!/usr/bin/env bash
# Runs each target for a minute, or for as many seconds as the first argument says; more arguments name targets.
# Needs a nightly toolchain, a C++ compiler and cargo-fuzz (`cargo install cargo-fuzz`).
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list --fuzz-dir .)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for target in "$@"; do
    echo "== $target, $seconds s"
    # New inputs go to a folder of their own: those in corpus/ are kept by hand. A crash is left in artifacts/.
    mkdir -p "$scratch/$target"
    cargo +nightly fuzz run --fuzz-dir . "$target" "$scratch/$target" "corpus/$target" -- \
        -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
done
