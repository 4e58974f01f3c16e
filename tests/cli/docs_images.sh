# SPDX-License-Identifier: MIT
# docs/images.md does what it says.
hourglass info | grep -E '^lib(png|jpeg)' | grep -q 'not built' &&
    { echo 'built without PNG or JPEG'; exit 77; }
cp -r "$HG_SAMPLE" data
"$HG_SAMPLE/../tests/docs_run.sh" "$HG_SAMPLE/../docs/images.md" >&2
