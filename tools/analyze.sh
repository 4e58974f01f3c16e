#!/bin/sh
# SPDX-License-Identifier: MIT
# clang's static analyser over the library and the program.
set -eu
cd "$(dirname "$0")/.."
command -v clang >/dev/null 2>&1 || { echo "no clang"; exit 77; }
parts=$(pkg-config --cflags jansson zlib yaml-0.1 cairo libzip libpng libjpeg 2>/dev/null) || {
    echo "not all optional parts are here"
    exit 77
}
for file in src/*/*.c src/kernels/ref/*.c cli/*.c; do
    case $file in
    src/base/status.c | *'*'*) continue ;; # defines what analyze.h wraps; empty folder
    src/*) first='-include tools/analyze.h' ;;
    *) first= ;;
    esac
    # shellcheck disable=SC2086
    clang --analyze -Xclang -analyzer-output=text -std=c11 -D_DEFAULT_SOURCE \
        -D_POSIX_C_SOURCE=200809L -DHG_WITH_YAML=1 -DHG_WITH_CAIRO=1 -DHG_WITH_ZIP=1 -DHG_WITH_PNG=1 -DHG_WITH_JPEG=1 \
        -Iinclude -Isrc \
        $parts $first -o /dev/null "$file" 2>&1
done | { ! grep . ; }
