#!/bin/sh
# SPDX-License-Identifier: MIT
# Build one target and run it with libFuzzer: sh fuzz/run.sh TARGET SECONDS [arguments of libFuzzer]
# New inputs go to the build folder; BUILD names another one, MERGE=1 then adds to the corpus what
# finds new edges. SANITIZERS=false: many times the executions, compared as ever, but without ASan and
# UBSan; a run with them reads what it found when it is given the same folder (FOUND).
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
sanitizers=${SANITIZERS:-true}
[ "$sanitizers" = true ] && name=build-fuzz || name=build-fuzz-fast
build=${BUILD:-$root/$name}
target=${1:?which target?}
seconds=${2:?how many seconds?}
shift 2

[ -e "$build/build.ninja" ] || CC=${CC:-clang} meson setup "$build" "$root" -Dfuzz=true \
    -Dfuzz_sanitizers="$sanitizers" -Dtests=disabled -Dexamples=false -Dbench=false \
    -Ddefault_library=static -Db_lundef=false >/dev/null
meson setup --reconfigure "$build" "$root" >/dev/null
ninja -C "$build" --quiet "fuzz/fuzz_$target"

found=${FOUND:-$build/found}/$target
corpus=$root/fuzz/corpus/$target
log=$build/found/$target.log
mkdir -p "$build/found" "$found" "$corpus"
[ "$sanitizers" = true ] || set -- -entropic=0 "$@" # its arithmetic takes half of the time
[ ! -e "$root/fuzz/$target.dict" ] || set -- "-dict=$root/fuzz/$target.dict" "$@"

status=0
export ASAN_OPTIONS="malloc_context_size=4:quarantine_size_mb=32${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
# libFuzzer names each new edge as it finds it; the last such line dates it.
"$build/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=1024 -timeout=25 \
    -artifact_prefix="$build/found/$target-" -print_final_stats=1 "$@" "$found" "$corpus" 2>&1 |
    python3 -u -c '
import re, sys, time
start, edges, last = time.time(), 0, 0
for line in sys.stdin:
    sys.stdout.write(line if not re.match(r"#\d+\s+(NEW|REDUCE|RELOAD)", line) else "")
    found = re.search(r"cov: (\d+)", line)
    if found and int(found[1]) > edges:
        edges, last = int(found[1]), time.time() - start
print(f"edges: {edges}, the last new one after {last:.0f} s of {time.time() - start:.0f} s")
' >"$log" || status=$?
grep -aE "^FINDING|runtime error|SUMMARY|Test unit|number_of_executed|average_exec|^edges" "$log"
if [ -n "${MERGE:-}" ]; then
    mkdir -p "$build/merged/$target"
    "$build/fuzz/fuzz_$target" -merge=1 "$build/merged/$target" "$corpus" "$found" >/dev/null 2>&1
    rm -rf "$corpus"
    mv "$build/merged/$target" "$corpus"
fi
! grep -aqE "^FINDING|runtime error|ERROR: " "$log"
