# SPDX-License-Identifier: MIT
# docs/anomaly.md does what it says, and knows every score and every rule.
root=$HG_SAMPLE/..
ln -s "$HG_SAMPLE" data
for word in $(hourglass list scores | cut -d" " -f1) $(hourglass list rules | cut -d" " -f1); do
    grep -q -e "^| \`\(--\)\?$word[ \`]" "$root/docs/anomaly.md" || {
        echo "anomaly.md: nothing about $word" >&2
        exit 1
    }
done
"$root/tests/docs_run.sh" "$root/docs/anomaly.md" >&2
