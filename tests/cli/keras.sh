# SPDX-License-Identifier: MIT
# docs/from-keras.md does what it says.
root=$HG_SAMPLE/..
cp -r "$HG_SAMPLE" data
"$root/tests/docs_run.sh" "$root/docs/from-keras.md" >&2
