#!/usr/bin/env bash
# Runs one fuzz target on the stable compiler, without the address sanitizer (our own code has no `unsafe`).
# Usage: fuzz/run.sh TARGET [SECONDS]
set -euo pipefail
cd "$(dirname "$0")"
target=${1:?TARGET: answers, any, chain, classic, commitments, compressed_ply, dinov3, glb, gltf_splats, ksplat, module, obj, outcome, ply, scene, sog, splat, spz, spz404, state_files or stl}
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
cargo build --release --bin "$target" --target "$(rustc -vV | sed -n 's/^host: //p')"
mkdir -p "corpus/$target" "artifacts/$target"
built=$(find "${CARGO_TARGET_DIR:-target}" -path "*/release/$target" -type f -perm -u+x | head -1)
exec "$built" "corpus/$target" seeds ../crates/asset/tests/fixtures ../crates/threejs/tests/modules \
    ../crates/crucible/tests/references/classic \
    -artifact_prefix="artifacts/$target/" \
    -max_total_time="${2:-60}" -rss_limit_mb=1024 -timeout=5 -max_len=8192 -print_final_stats=1
