# SPDX-License-Identifier: MIT
# docs/vae.md does what it says.
root=$HG_SAMPLE/..
cp -r "$HG_SAMPLE" data
"$root/tests/docs_run.sh" "$root/docs/vae.md" >&2
