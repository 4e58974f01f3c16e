# SPDX-License-Identifier: MIT
# docs/large-files.md does what it says.
cp -r "$HG_SAMPLE" data
"$HG_SAMPLE/../tests/docs_run.sh" "$HG_SAMPLE/../docs/large-files.md" >&2
