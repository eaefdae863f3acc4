#!/bin/sh
# SPDX-License-Identifier: MIT
# Instructions of each contestant for each message, counted by valgrind:
# callgrind.sh BENCH [AREA [CASE]]. What the copy of a read alone takes is subtracted from the rest.
set -eu

[ $# -ge 1 ] || { echo "usage: $0 BENCH [AREA [CASE]]" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bench=$1
shift

count_area() { # count_area AREA [CASE]: lines "once area case size contestant count instructions"
    # Each return of bench_counted, which all that counts runs in, ends one numbered file.
    valgrind -q --tool=callgrind --collect-atstart=no --toggle-collect='bench_counted' \
        --dump-after='bench_counted' --callgrind-out-file="$folder/out" \
        "$bench" --once "$@" >"$folder/lines" 2>"$folder/errors" ||
        { cat "$folder/errors" >&2; return 1; }
    number=0
    grep '^once ' "$folder/lines" | while read -r line; do
        number=$((number + 1))
        echo "$line $(sed -n 's/^\(totals\|summary\): //p' "$folder/out.$number" | head -n 1)"
    done
    rm -f "$folder"/out*
}

subtract() { # the copy may stand anywhere among the lines of its case and size
    awk '
        { cell = $2 " " $3 " " $4; each[NR] = $7 / $6; cells[NR] = cell; names[NR] = $5 }
        $5 == "recv-copy" { copy[cell] = each[NR] }
        END {
            for (i = 1; i <= NR; i++) {
                less = names[i] == "recv-copy" ? 0 : copy[cells[i]]
                printf "%s %s instructions=%.1f\n", cells[i], names[i], each[i] - less
            }
        }'
}

if [ $# -gt 0 ]; then
    count_area "$@" | subtract
else
    for area in decode encode mask utf8 handshake broadcast deflate; do
        count_area "$area" | subtract
    done
fi
