# SPDX-License-Identifier: MIT
# docs/guide.md does what it says.
root=$HG_SAMPLE/..
cp -r "$HG_SAMPLE" data
"$root/tests/docs_run.sh" "$root/docs/guide.md" >&2
