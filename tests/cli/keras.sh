# SPDX-License-Identifier: MIT
# docs/from-keras.md does what it says.
root=$HG_SAMPLE/..
if hourglass info | grep -qE "^(yaml|cairo) +not"; then
    echo "this build is without YAML or pictures"
    exit 77
fi
cp -r "$HG_SAMPLE" data
"$root/tests/docs_run.sh" "$root/docs/from-keras.md" >&2
