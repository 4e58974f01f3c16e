# SPDX-License-Identifier: MIT
# docs/tables.md does what it says.
cp -r "$HG_SAMPLE" data
"$HG_SAMPLE/../tests/docs_run.sh" "$HG_SAMPLE/../docs/tables.md" >&2
