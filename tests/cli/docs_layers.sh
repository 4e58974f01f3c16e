# SPDX-License-Identifier: MIT
# docs/layers.md does what it says, and knows every kind of layer.
root=$HG_SAMPLE/..
cp -r "$HG_SAMPLE" data
for kind in $(hourglass list layers | cut -d' ' -f1); do
    grep -q "\*\*\`$kind\`\*\*" "$root/docs/layers.md" || {
        echo "layers.md: nothing about $kind" >&2
        exit 1
    }
done
"$root/tests/docs_run.sh" "$root/docs/layers.md" >&2
