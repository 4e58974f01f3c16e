# SPDX-License-Identifier: MIT
# A detector judged by labels: words, numbers, intervals, another model beside, pictures.
. "$(dirname "$0")/common.bash"
awk -F, 'NR == 1 || $31 == "benign"' $table | cut -d, -f1-30 >good.csv
cut -d, -f1-30 $table >all.csv
awk -F, 'NR == 1 { print "bad"; next } { print $31 == "malignant" }' $table >labels.csv
hourglass train good.csv --preset anomaly --epochs 30 -q -o m.st
hourglass train good.csv --preset anomaly --epochs 1 -q -o worse.st
report() { python3 -c 'import json, sys
d = json.load(sys.stdin)["detection"]
print(d["rows"], d["anomalies"], d["rule"])
print(sorted(k for k in d if isinstance(d[k], float)))
print(all(low <= d[k] <= high for k, (low, high) in d["intervals"].items()), len(d["intervals"]))
print(d["roc_auc"] > 0.85, d["false_alarm_rate"] < 0.2, d.get("winner"))'; }
hourglass evaluate m.st all.csv --labels labels.csv --quantile 0.9 --no-pca --json -q >a.json
report <a.json
# Labels as words, in a column of the data's own file: the same numbers.
hourglass evaluate m.st all.csv --labels $table --label-column diagnosis --normal-label benign \
    --quantile 0.9 --no-pca --json -q | cmp - a.json && echo same
hourglass evaluate m.st all.csv --labels labels.csv --bootstrap 0 --no-pca -q | tail -n 8 | sed 's/  *[0-9.]*$//'
hourglass evaluate m.st all.csv --labels labels.csv --against worse.st --bootstrap 200 -q | grep -c 'roc_auc:\|average_precision:'
# PCA, fitted to the training rows, beside it.
hourglass evaluate m.st all.csv --labels labels.csv --train good.csv --no-pca --json -q >p.json
python3 -c 'import json
d = json.load(open("p.json"))["detection"]
print(d["pca"]["roc_auc"] > 0.85, sorted(d["winner"]), set(d["winner"].values()) <= {"model", "PCA", None})'
hourglass evaluate m.st all.csv --labels labels.csv --train good.csv --no-pca -q | grep -c 'PCA.*interval'
# Without them: half of the rows by the normal ones of the other half, and no threshold.
hourglass evaluate m.st all.csv --labels labels.csv --json -q >q.json
python3 -c 'import json
d = json.load(open("q.json"))["detection"]
print(d["pca"]["roc_auc"] > 0.85, "recall" in d["pca"], sorted(d["winner"]))'
hourglass evaluate m.st all.csv --labels labels.csv -q | grep '^recall' | wc -w
awk 'NR > 1 { $0 = NR > 12 } { print }' labels.csv >few.csv
hourglass evaluate m.st all.csv --labels few.csv -q 2>&1 | grep -o 'PCA beside a detector: .*expected.*' |
    sed 's/: [0-9]* normal/: N normal/'
# Rows without a label are left out, and counted once.
awk 'NR > 1 && NR % 5 == 0 { $0 = "\"\"" } { print }' labels.csv >some.csv
hourglass evaluate m.st all.csv --labels some.csv --bootstrap 0 -q | grep -o '.* anomalies among .* rows by\|.*without a label.*'
hourglass evaluate m.st all.csv --labels some.csv --bootstrap 0 --json -q | grep -o '"rows": 455, "anomalies": [0-9]*, "unlabelled": [0-9]*' | sort -u
# What training found of PCA beside it is kept, and told wherever a model is.
hourglass summary m.st | grep -c '^beside PCA'
hourglass summary m.st --json | python3 -c 'import json, sys
d = json.load(sys.stdin)["detector"]
p = d["pca"]
print(p["components"], p["winner"] in ("model", "PCA", None), p["difference"][0] <= p["roc_auc"] - p["pca_roc_auc"] <= p["difference"][1])'
hourglass score m.st all.csv -o s.csv --json 2>/dev/null | grep -c '"pca_roc_auc"'
hourglass score m.st all.csv --explain 1 --explain-format html -q | grep -c 'Beside PCA'
hourglass train good.csv --score residual --hidden 8 --code 3 --epochs 1 2>/dev/null | grep -c 'beside PCA  \|PCA is better\|rows held apart'
try hourglass evaluate m.st all.csv --labels $table --label-column diagnosis
try hourglass evaluate m.st all.csv --labels good.csv
try hourglass evaluate m.st all.csv --labels labels.csv --normal-label 0 --anomaly-label 1
try hourglass evaluate m.st all.csv --anomaly-label 1
try hourglass evaluate m.st good.csv --labels labels.csv
try hourglass plot roc m.st all.csv -o a.png
# Rows of the other kind alone score higher: drift, said once on standard error, and in JSON.
awk -F, 'NR == 1 || $31 == "malignant"' $table | cut -d, -f1-30 >bad.csv
hourglass score m.st bad.csv -o s.csv 2>&1 | grep -o 'warning: drift: these rows score higher'
hourglass score m.st good.csv -o s.csv 2>&1 | grep -c drift || true
hourglass score m.st bad.csv -o s.csv --json 2>/dev/null | grep -o '"drift": {"alarm": true'
need_cairo
for kind in roc pr scores; do
    hourglass plot $kind m.st all.csv --labels labels.csv -o $kind.svg
    grep -q '<svg' $kind.svg || fail "$kind"
done
