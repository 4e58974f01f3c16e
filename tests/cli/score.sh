# SPDX-License-Identifier: MIT
# Scores and decisions: a detector trained on benign rows, asked by every rule.
cp "$HG_SAMPLE/breast-cancer.csv" t.csv
t=t.csv
awk -F, 'NR == 1 || $31 == "benign"' "$t" | cut -d, -f1-30 > good.csv
cut -d, -f1-30 "$t" > all.csv
hourglass train good.csv --preset anomaly --epochs 30 -q -o m.st
hourglass score m.st all.csv -q -o s.csv
head -1 s.csv; grep -c . s.csv
hourglass score m.st all.csv -q -p --quantile 0.9 | head -1
hourglass score m.st all.csv -q -p --quantile 0.9 -o s.npy && hourglass data info s.npy | grep -c 569
hourglass score m.st - -q < all.csv | cmp - s.csv && echo "a pipe will do"
hourglass predict m.st all.csv --quantile 0.9 -q | sort | uniq -c | awk '{ print $2, ($1 > 100) }'
# Malignant rows score higher: nearly all above the nine-tenths quantile of benign ones.
paste -d, <(tail -n +2 "$t" | cut -d, -f31) <(hourglass predict m.st all.csv --quantile 0.9 -q | tail -n +2) |
    awk -F, '{ n[$1]++; a[$1] += $2 } END { print (a["malignant"] / n["malignant"] > 0.5), (a["benign"] / n["benign"] < 0.2) }'
hourglass score m.st all.csv -o s.csv --contamination 0.1 --json |
    python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["rows"], d["anomalies"], d["rule"], d["calibration_rows"])'
refused() {
    echo "--- $*"
    "$@" 2>&1 && echo "exit 0" || echo "exit $?"
}
refused hourglass score m.st all.csv --false-alarms 1/1000
refused hourglass score m.st all.csv --fdr 0.05 --quantile 0.9
refused hourglass score m.st all.csv --fdr 2
refused hourglass score m.st all.csv --json
refused hourglass score m.st "$t"
hourglass train good.csv --code 2 --epochs 1 -q -o plain.st
refused hourglass predict plain.st all.csv
refused hourglass train good.csv --code 2 --score residuals --epochs 1 -o x.st
refused hourglass train good.csv --code 2 --group "mean radius" --epochs 1 -o x.st
