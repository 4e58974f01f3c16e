# SPDX-License-Identifier: MIT
# docs/pretraining.md does what it says.
root=$HG_SAMPLE/..
if hourglass info | grep -qE '^cairo +not'; then
    echo 'this build is without pictures'
    exit 77
fi
cp -r "$HG_SAMPLE" data
"$root/tests/docs_run.sh" "$root/docs/pretraining.md" >&2
