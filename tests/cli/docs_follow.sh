# SPDX-License-Identifier: MIT
# docs/follow.md does what it says.
cp -r "$HG_SAMPLE" data
"$HG_SAMPLE/../tests/docs_run.sh" "$HG_SAMPLE/../docs/follow.md" >&2
