#!/bin/sh
# SPDX-License-Identifier: MIT
# The shared library in BUILD gives exactly the functions that the header declares, needs
# only the libraries it may, and the static one has no name outside hg_, hgi_ and hgk_.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/release}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
so=$build/libhourglass.so

tr '\n' ' ' <include/hourglass.h | sed 's|/\*|\n/*|g; s|\*/|*/\n|g' | grep -v '^/\*' |
    tr '\n' ' ' | grep -oE 'HG_API [^;(]*\(' | grep -oE 'hg_[a-z0-9_]+\($' | tr -d '(' |
    sort >"$scratch/declared"
[ -s "$scratch/declared" ] || { echo "found no function in the header"; exit 1; }
nm -D --defined-only "$so" | awk '$2 ~ /[A-Z]/ { print $3 }' | sort >"$scratch/exported"
status=0
diff -u --label header "$scratch/declared" --label library "$scratch/exported" || status=1

readelf -d "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >"$scratch/needed"
if grep -vE '^(libc|libm|libpthread|libjansson|libz|libyaml-0|libcairo|libzip|libpng16|libjpeg|ld-linux.*)\.so\.[0-9]+$' \
    "$scratch/needed"; then
    echo "^ needed by the library, and should not be"
    status=1
fi
readelf -d "$so" | grep -q "SONAME.*\[libhourglass\.so\.[0-9]*\]" || { echo "no soname"; status=1; }

nm -g --defined-only "$build/libhourglass.a" 2>/dev/null |
    awk 'NF == 3 && $3 !~ /^(hg|hgi|hgk)_/ { print $3 }' >"$scratch/foreign"
if [ -s "$scratch/foreign" ]; then
    cat "$scratch/foreign"
    echo "^ in the static library without hg_, hgi_ or hgk_"
    status=1
fi
exit $status
