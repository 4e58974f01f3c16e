# SPDX-License-Identifier: MIT
# docs/series.md does what it says.
. "$(dirname "$0")/common.bash"
need_cairo
rm -f data # a link to the sample; the page writes beside it
cp -r "$HG_SAMPLE" data
"$HG_SAMPLE/../tests/docs_run.sh" "$HG_SAMPLE/../docs/series.md" >&2
