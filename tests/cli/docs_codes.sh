# SPDX-License-Identifier: MIT
# docs/codes.md does what it says, and knows every kind of code.
root=$HG_SAMPLE/..
. "$(dirname "$0")/common.bash"
for kind in $(hourglass list codes | cut -d' ' -f1); do
    grep -q "^\*\*\`$kind\`\*\*" "$root/docs/codes.md" || {
        echo "codes.md: nothing about $kind" >&2
        exit 1
    }
done
need_cairo
"$root/tests/docs_run.sh" "$root/docs/codes.md" >&2
