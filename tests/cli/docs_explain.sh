# SPDX-License-Identifier: MIT
# docs/explain.md does what it says.
. "$(dirname "$0")/common.bash"
need_cairo
"$HG_SAMPLE/../tests/docs_run.sh" "$HG_SAMPLE/../docs/explain.md" >&2
