#!/bin/sh
# SPDX-License-Identifier: MIT
# `make install` gives a tree that works: the program runs from it, pkg-config finds the
# library, a program builds against it both ways, and `make uninstall` leaves no file.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/release}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
make --no-print-directory BUILD="$build" PREFIX=/opt/hg DESTDIR="$scratch" install >/dev/null
root=$scratch/opt/hg
export PKG_CONFIG_PATH="$root/lib/pkgconfig"
cat >"$scratch/try.c" <<'C'
#include <hourglass.h>
#include <stdio.h>
int main(void)
{
    hg_ctx *ctx;
    if (hg_ctx_new(NULL, &ctx) != HG_OK) return 1;
    hg_ctx_free(&ctx);
    return puts(hg_version()) < 0;
}
C
flags() { pkg-config --define-variable=prefix="$root" "$@" hourglass; }
want=$(pkg-config --modversion hourglass)
# shellcheck disable=SC2046
cc -o "$scratch/shared" "$scratch/try.c" $(flags --cflags --libs)
got=$(LD_LIBRARY_PATH="$root/lib" "$scratch/shared")
[ "$got" = "$want" ] || { echo "shared: version $got, expected $want"; exit 1; }
rm "$root"/lib/libhourglass.so*
# shellcheck disable=SC2046
cc -o "$scratch/static" "$scratch/try.c" $(flags --static --cflags --libs)
got=$("$scratch/static")
[ "$got" = "$want" ] || { echo "static: version $got, expected $want"; exit 1; }
make --no-print-directory BUILD="$build" PREFIX=/opt/hg DESTDIR="$scratch" install >/dev/null
got=$("$root/bin/hourglass" --version)
case $got in *"$want"*) ;; *) echo "program: $got, expected $want"; exit 1 ;; esac
make --no-print-directory BUILD="$build" PREFIX=/opt/hg DESTDIR="$scratch" uninstall >/dev/null
left=$(find "$root" ! -type d)
[ -z "$left" ] || { echo "uninstall left: $left"; exit 1; }
