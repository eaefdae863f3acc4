#!/bin/sh
# SPDX-License-Identifier: MIT
# Instructions of each contestant of an area, counted by valgrind: callgrind.sh BENCH AREA [CASE]
set -eu

[ $# -ge 2 ] || { echo "usage: $0 BENCH AREA [CASE]" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bench=$1
shift

# Each return of bench_counted, which all that counts runs in, ends one numbered file.
valgrind -q --tool=callgrind --collect-atstart=no --toggle-collect='bench_counted' \
    --dump-after='bench_counted' --callgrind-out-file="$folder/out" \
    "$bench" --once "$@" >"$folder/lines" 2>"$folder/errors" || { cat "$folder/errors" >&2; exit 1; }

number=0
grep '^once ' "$folder/lines" | while read -r _ area name size contestant count; do
    number=$((number + 1))
    total=$(sed -n 's/^\(totals\|summary\): //p' "$folder/out.$number" | head -n 1)
    awk -v total="$total" -v count="$count" -v what="$area $name $size $contestant" \
        'BEGIN { printf "%s instructions=%.1f\n", what, total / count }'
done
