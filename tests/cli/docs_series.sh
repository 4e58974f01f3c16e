# SPDX-License-Identifier: MIT
# docs/series.md does what it says.
cp -r "$HG_SAMPLE" data
"$HG_SAMPLE/../tests/docs_run.sh" "$HG_SAMPLE/../docs/series.md" >&2
