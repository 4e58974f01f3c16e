#!/bin/sh
# SPDX-License-Identifier: MIT
# Lay out the C sources, or with --check fail when one is not.  clang-format 14, because
# other versions differ in details and would fight over them.
set -eu
cd "$(dirname "$0")/.."
format=$(command -v clang-format-14 || command -v clang-format || true)
if [ -z "$format" ] || ! "$format" --version | grep -q 'version 14\.'; then
    echo "no clang-format 14"
    exit 77
fi
if [ "${1-}" = --check ]; then
    tools/sources.sh | xargs -r "$format" --dry-run -Werror 2>&1 |
        sed -n 's/: error: code should be clang-formatted.*/: laid out otherwise; make fmt/p' |
        sort -t: -k1,1 -u | { ! grep . ; }
else
    tools/sources.sh | xargs -r "$format" -i
    # The end of a comment that padding pushed over the edge is pulled back to it.
    tools/sources.sh | xargs -r grep -lE '^.{91,}$' | xargs -r perl -CSD -i -pe '
        if (/^(.*?\S)( {2,})(\*\/)$/ && length > 91) {
            my $pad = 90 - length("$1$3");
            $_ = $1 . " " x ($pad > 1 ? $pad : 1) . "$3\n";
        }'
fi
