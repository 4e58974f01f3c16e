# SPDX-License-Identifier: MIT
# docs/regularisation.md does what it says.
root=$HG_SAMPLE/..
cp -r "$HG_SAMPLE" data
"$root/tests/docs_run.sh" "$root/docs/regularisation.md" >&2
