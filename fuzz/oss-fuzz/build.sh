#!/bin/bash -eu
# SPDX-License-Identifier: MIT
# Every target with whatever engine, sanitizer and architecture OSS-Fuzz asks for. No build system:
# the flags must reach each file as they are.

work=${WORK:-/tmp/weir-fuzz}
mkdir -p "$work" "$OUT"
cd "$SRC/weir"

compile() { # compile FOLDER FILE...: objects with the flags in $flags
    folder=$work/$1
    shift
    mkdir -p "$folder"
    for file in "$@"; do
        $CC $CFLAGS $flags -c "$file" -o "$folder/$(basename "$file" .c).o" &
    done
    wait
}

zlib=-lz
include=
if [ -e "$SRC/zlib/inflate.c" ]; then
    flags=-DHAVE_UNISTD_H compile zlib "$SRC"/zlib/*.c
    zlib=$(echo "$work"/zlib/*.o)
    include=-I$SRC/zlib
fi

second=
seconds=
if [ -e "$SRC/wslay/lib/wslay_event.c" ]; then
    wslay="-DHAVE_ARPA_INET_H -DHAVE_NETINET_IN_H -DWSLAY_VERSION=\"1\" -I$SRC/wslay/lib/includes"
    flags=$wslay compile wslay "$SRC"/wslay/lib/*.c
    second="$second -DWEIR_FUZZ_WSLAY $wslay"
    seconds=$(echo "$work"/wslay/*.o)
fi
if [ -e "$SRC/http-parser/http_parser.c" ]; then
    # Debian's build, which the known differences are of, is not strict either.
    flags=-DHTTP_PARSER_STRICT=0 compile http "$SRC/http-parser/http_parser.c"
    second="$second -DWEIR_FUZZ_HTTP_PARSER -I$SRC/http-parser"
    seconds="$seconds $work/http/http_parser.o"
fi

# Blocks of the library count themselves; engines with counters of their own do without.
count=
links=-Wl,--wrap=weir__cpu_bits
if [ "${FUZZING_ENGINE:-libfuzzer}" = libfuzzer ]; then
    count=-fsanitize-coverage=trace-pc
    links="$links -Wl,--wrap=__sanitizer_cov_trace_pc"
fi

flags="-std=c99 -Iinclude $count" compile weir src/*/*.c src/*/*/*.c
flags="-std=c99 -Iinclude $include $second" \
    compile support fuzz/fuzz.c fuzz/reference.c fuzz/second_*.c fuzz/conn_stream.c
flags="-std=c99 -Iinclude $include" compile targets fuzz/fuzz_*.c fuzz/frame_mutator.c

for path in fuzz/fuzz_*.c; do
    target=$(basename "$path" .c)
    name=${target#fuzz_}
    mutator=
    case $name in
    frames_*) mutator=$work/targets/frame_mutator.o ;;
    esac
    # The engine may be C++.
    ${CXX:-$CC} ${CXXFLAGS:-$CFLAGS} "$work/targets/$target.o" $mutator "$work"/support/*.o \
        "$work"/weir/*.o $seconds $zlib $links $LIB_FUZZING_ENGINE -o "$OUT/$target"
    (cd fuzz/corpus && zip -qr "$OUT/${target}_seed_corpus.zip" "$name")
    [ ! -e "fuzz/$name.dict" ] || cp "fuzz/$name.dict" "$OUT/$target.dict"
done
