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
# Other rows to judge by, another rule: nothing is trained.
hourglass calibrate m.st good.csv -o m2.st 2>&1 | grep -o 'calibrated with .* rows'
hourglass calibrate m.st -o m3.st --quantile 0.9 2>&1 | grep -o 'rule .*'
cmp <(hourglass predict m3.st all.csv -q) <(hourglass predict m.st all.csv -q --quantile 0.9) && echo "the rule is kept"
refused hourglass calibrate m.st -o m3.st
refused hourglass calibrate m.st good.csv
refused hourglass calibrate plain.st good.csv -o x.st
# Groups and times are columns that are not trained on.
awk -F, -v OFS=, 'NR == 1 { print "when,who," $0; next } { print NR, NR % 7, $0 }' good.csv > keyed.csv
hourglass train keyed.csv --preset anomaly --epochs 1 --group who --drop when -q -o g.st
hourglass train keyed.csv --preset anomaly --epochs 1 --time when --drop who -o t.st | grep detector
hourglass predict g.st all.csv -q | wc -l
refused hourglass train keyed.csv --preset anomaly --epochs 1 --time who --group when -o x.st
refused hourglass train keyed.csv --preset anomaly --epochs 1 --time whom -o x.st
# Every kind of score, by several nets.
for kind in $(hourglass list scores | cut -d' ' -f1 | grep -vx image); do
    code=plain
    [ "$kind" = probability ] && code="variational beta=0.01"
    hourglass train good.csv --preset anomaly --epochs 2 --score "$kind" --code-kind "$code" --ensemble 2 --trim 0.05 -q -o k.st
    hourglass score k.st all.csv -q -o k.csv --json | grep -o '"nets": 2'
done
