# SPDX-License-Identifier: MIT
# Many machines in one file: windows have rows of one; the names and times of the file come
# out again; lines as they arrive; codes, the series again, and what did it.
. "$(dirname "$0")/common.bash"
python3 - <<'PY'
import math, random
random.seed(4)
def make(name, machines, n, bad=None):
    rows = []
    for k, m in enumerate(machines):
        for i in range(n):
            turnat = 2 * math.pi * (i + 7 * k) / 24
            flow = math.sin(turnat) + random.uniform(-.1, .1)
            pressure = math.cos(turnat) / 2 + random.uniform(-.1, .1)
            if bad and m == bad[0] and bad[1] <= i < bad[2]: pressure = 0.9
            day, minute = divmod(5 * i, 1440)
            when = "%d/%d/2024 %02d:%02d" % (3, 1 + day, minute // 60, minute % 60)
            rows.append((i, k, '%s,"%s",%.4f,%.4f' % (when, m, flow, pressure)))
    rows.sort()
    open(name, "w").write("when,machine,flow,pressure\n" + "".join(r[2] + "\n" for r in rows))
make("train.csv", ["A", "B", "C, the third", "D"], 1200)
make("turn.csv", ["B", "C, the third"], 400, ("B", 200, 225))
lines = open("turn.csv").read().splitlines()
open("blocks.csv", "w").write("\n".join(lines[:1] + lines[1::2] + lines[2::2]) + "\n")
PY
hourglass train train.csv --window 48 --time when --group machine --preset anomaly-series --epochs 8 -q -o m.st
hourglass score m.st turn.csv -q -a --quantile 0.9 -o w.csv
sed -n 1,2p w.csv | cut -d, -f1-3
grep -c '^"C, the third"' w.csv
sort -t, -k4 -gr w.csv | head -1 | cut -d, -f1-3
hourglass score m.st turn.csv -q --points -o p.csv
sed -n '1,3p' p.csv | sed 's/,[0-9.e-]*$//'
grep -c . p.csv
# The explanation: machine, times as they stand in the file, channel, span.
hourglass score m.st turn.csv --explain 1 -q | sed 's/score .*//; s/  *$//' | head -3 | sed 's/ [^ ]*  *0.90* .*//'
hourglass score m.st turn.csv --explain 2 --explain-format json -q | python3 -c '
import json, sys
rows = json.load(sys.stdin)["rows"]; r = rows[0]; c = r["causes"][0]
print(r["group"], c["column"], c["found"], len(c["values"]["expected"]), c["first"] >= r["first"], c["share"] > 0.5)
print(len(rows), [(a["group"], b["group"]) for a in rows for b in rows if a is not b and a["group"] == b["group"] and a["first"] <= b["last"] and b["first"] <= a["last"]])'
hourglass score m.st turn.csv --explain 1 --explain-output e.html -q && grep -c '<svg' e.html
hourglass score m.st turn.csv --explain 1 --points --explain-format json -q | grep -c '"group": "B"'
# In turn or one behind the other: the same windows.
hourglass score m.st blocks.csv -q -o b.csv
python3 -c '
import csv
a, b = [sorted((r["machine"], r["start"], r["score"]) for r in csv.DictReader(open(f))) for f in ("w.csv", "b.csv")]
print(a == b and len(a) > 50)'
# As they arrive.
hourglass score m.st - --follow -q < turn.csv > f.csv; head -1 f.csv; grep -c 'nan$' f.csv
hourglass score m.st - --follow -q --json < turn.csv | sed -n '2p'
awk -F, 'NR != 300' turn.csv | hourglass score m.st - --follow 2>&1 >/dev/null
awk -F, '!(NR > 300 && NR < 340)' turn.csv | hourglass score m.st - --follow 2>&1 >/dev/null
# What one machine lacks blinds that one: the stream's numbers are the file's, all of them.
python3 - <<'PY'
import csv
rows = list(csv.reader(open("train.csv")))
n = 0
with open("holes.csv", "w") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow(rows[0])
    for r in rows[1:1601]:
        if r[1] == "B":
            n += 1
            if n in (30, 90, 91, 200): r[2 + n % 2] = ["", "NA"][n % 2]
            if 260 <= n < 280: continue
        out.writerow(r)
PY
hourglass score m.st holes.csv -q -o w.csv
hourglass score m.st - --follow -q < holes.csv > f.csv 2> err.txt
sed 's/:[0-9]*:/:N:/' err.txt | sort | uniq -c
grep -c 'nan$' f.csv
python3 -c '
import csv
at = [(r["machine"], r["when"]) for r in csv.DictReader(open("holes.csv"))]
f = list(csv.DictReader(open("f.csv")))
stream = dict(zip(at, (r["score"] for r in f)))
file = {(r["machine"], r["end"]): r["score"] for r in csv.DictReader(open("w.csv"))}
off = [k for k in file if stream[k] != file[k]]
print(len(file), "windows,", len(off), "not so in the stream,", len(at) == len(f), [r["machine"] for r in f] == [a[0] for a in at])'
# Codes and the series again.
hourglass encode m.st turn.csv -q -o - | head -2 | sed 's/[-0-9.]*,[-0-9.]*,[-0-9.]*,[-0-9.]*$/z/'
hourglass reconstruct m.st turn.csv -q -o r.csv; head -1 r.csv; cut -d, -f1-2 r.csv | sed 's/"C/C/' | sort -u | wc -l
python3 -c '
import csv
a, b = list(csv.DictReader(open("turn.csv"))), list(csv.DictReader(open("r.csv")))
print([x["when"] for x in a] == [x["when"] for x in b], [x["machine"] for x in a] == [x["machine"] for x in b])
e = sum(abs(float(x["flow"]) - float(y["flow"])) for x, y in zip(a, b)) / len(a)
print(e < 0.3 or e)'
hourglass reconstruct m.st turn.csv -q -o r.npy && hourglass data info r.npy | grep -c '800'
hourglass reconstruct m.st turn.csv --impute -q -o r.csv 2>&1 || echo "exit $?"
awk -F, 'NR == 1 { print "odd" } NR > 1 { split($1, t, "[/ ]"); print(/,"B",/ && ++n > 200 && n <= 225) ? 1 : 0 }' turn.csv > labels.csv
hourglass evaluate m.st turn.csv --labels labels.csv --json | python3 -c '
import json, sys
d = json.load(sys.stdin); print(d["rows"], d["detection"]["rows"], d["detection"]["anomalies"], d["detection"]["roc_auc"] > 0.95)'
hourglass calibrate m.st turn.csv -q -o c.st && hourglass score c.st turn.csv -q -o c.csv && echo calibrated
# A file of one machine needs no column for it.
cut -d, -f1,3,4 blocks.csv | head -401 > one.csv
hourglass score m.st one.csv -q -o o.csv; head -1 o.csv
need_cairo
# No line is drawn over a gap, however few rows a point stands for.
awk -F, 'NR == 1 || NR < 1203 || NR > 1363' train.csv | awk 'NR != 5 && NR != 2006' > gap.csv
hourglass plot series m.st gap.csv -q --quantile 0.5 -o gap.svg
python3 - <<'PY'
import re
svg = open("gap.svg").read()
lines = [re.findall(r"[ML] ([-0-9.]+) ([-0-9.]+)", d) for d in re.findall(r'd="(M [^"]*)"', svg)]
long = [l for l in lines if len(l) > 20]
steps = [abs(float(b[0]) - float(a[0])) for d in re.findall(r'd="(M [^"]*)"', svg) if d.count("L") > 20
         for part in d.split("M")[1:] for q in [re.findall(r"(-?[0-9.]+) (-?[0-9.]+)", part)]
         for a, b in zip(q, q[1:]) if a[1] != b[1]]
width = max(float(p[0]) for l in long for p in l) - min(float(p[0]) for l in long for p in l)
# 40 of 1,200 steps are gone: nearly a thirtieth of the width.
print(len(long) > 4, max(steps) < width / 100)
PY
