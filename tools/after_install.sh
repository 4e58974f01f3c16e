#!/bin/bash
# SPDX-License-Identifier: MIT
# What a user of an installed library still has to type: tools/after_install.sh PREFIX
#
# The program finds its library by itself, beside it.  Other programs find it when the
# loader looks into PREFIX/lib and its cache (ldconfig) is new; anywhere else takes
# environment variables, for the compiler's (pkg-config) and the manual's sake, too.
# Prints one line to paste, or nothing where nothing is missing.
set -u
prefix=$1
PATH=$PATH:/sbin:/usr/sbin

ldconfig -p 2>/dev/null | grep -q "libhourglass\.so.* => $prefix/lib/" && exit 0
if ldconfig -v -N -X 2>/dev/null | grep -q "^$prefix/lib:"; then
    echo "Once, as root, so that programs find the new library:"
    echo "    ldconfig"
    exit 0
fi
q=$(printf '%q' "$prefix")
# An empty entry of LD_LIBRARY_PATH would be the current folder; one of MANPATH is the
# manual's usual places.
echo "The loader does not look into $prefix/lib.  For this shell:"
echo "    export PATH=$q/bin:\$PATH" \
    "LD_LIBRARY_PATH=$q/lib\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" \
    "PKG_CONFIG_PATH=$q/lib/pkgconfig\${PKG_CONFIG_PATH:+:\$PKG_CONFIG_PATH}" \
    "MANPATH=$q/share/man:\${MANPATH-}"
