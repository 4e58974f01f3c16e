# SPDX-License-Identifier: MIT
# Why a row is an anomaly: columns with names, words and dates, in three formats.
. "$(dirname "$0")/common.bash"
python3 - <<'EOF'
import random
random.seed(1)
def row(bad):
    kind = random.choice(["small", "medium", "large"])
    base = {"small": 1, "medium": 5, "large": 20}[kind]
    weight = base * random.gauss(1, 0.05)
    price = 3 * weight + base * random.gauss(0, 0.1)
    if bad == "price": price = 2 * price + 30
    if bad == "size": kind = "small" if kind == "large" else "large"
    day = "2024-0%d-%02d" % (random.randint(1, 9), random.randint(1, 28))
    colour, yes = random.choice(["red", "blue"]), random.choice(["yes", "no"])
    cells = [kind, "%.3f" % weight, "%.3f" % price, colour, day, yes]
    if not bad and random.random() < 0.05: cells[random.randint(1, 2)] = ""
    return ",".join(cells)
head = "size,weight,price <&>,colour,date,fine"
def save(name, kinds):
    open(name, "w").write("\n".join([head] + [row(k) for k in kinds]) + "\n")
save("train.csv", [None] * 1500)
save("new.csv", [None] * 20 + ["size", "price", "price", "size"])
EOF
hourglass train train.csv --preset anomaly -q -o m.st
# The four odd rows score highest, and the column that was changed comes first.
hourglass score m.st new.csv --explain 4 --explain-format json -q >e.json
python3 -c 'import json
rows = {r["row"]: r for r in json.load(open("e.json"))["rows"]}
print(sorted(rows))
for n in sorted(rows):
    c = rows[n]["causes"][0]
    print(n, c["column"], type(c["found"]).__name__, c["share"] > 0.5)'
hourglass score m.st new.csv --explain 1 -q | sed -n '2p' | tr -s ' '
hourglass score m.st new.csv --explain 100 --explain-columns 1 --false-alarms 1/100 -q | grep -c '^row'
hourglass score m.st new.csv --explain 2 --explain-output e.html -o s.csv -q
grep -c . s.csv
grep -c '<h2>' e.html
grep -q 'price &#60;&#38;&#62;' e.html && ! grep -q 'src=\|href=\|<script' e.html
hourglass score m.st - --explain 1 -q <new.csv | cmp - <(hourglass score m.st new.csv --explain 1 -q) && echo same
hourglass score m.st new.csv --explain 2 --explain-output e.txt --json -q | grep -o '"rows": 24'
# A column that is no value of the model's names the rows, as the file has it.
awk -F, 'NR == 1 { print "id," $0; next } { print "\"<" NR - 1 "> \"\"a\"\"\"," $0 }' new.csv >named.csv
hourglass score m.st named.csv --explain 4 --id id -q | grep -o '^row [^:]*' | sort
hourglass score m.st named.csv --explain 1 --id id --explain-format json -q | grep -o '"id": .*, "score"' | tr -s 0-9 N
hourglass score m.st named.csv --explain 1 --id id --explain-format html -q | grep -o '<h2>.*</h2>' | tr -s 0-9 N
try hourglass score m.st - --explain 1 --id size
try hourglass score m.st new.csv --explain 1 --id number
# What a wrong price is expected to be is about three times the weight: the noise is a tenth of
# the base, and so is the room that is left for the net.
python3 -c 'import csv, json
rows = list(csv.DictReader(open("new.csv")))
base = {"small": 1, "medium": 5, "large": 20}
for r in json.load(open("e.json"))["rows"]:
    c, row = r["causes"][0], rows[r["row"] - 1]
    if c["column"] == "size": print(c["expected"] == {"small": "large"}.get(c["found"], "small"))
    else: print(abs(c["expected"] - 3 * float(row["weight"])) < 0.4 * base[row["size"]])'
try hourglass score m.st new.csv --explain 1 --points
try hourglass score m.st new.csv --explain 1 --json -q
try hourglass score m.st new.csv --explain 1 --explain-format pdf
try hourglass score m.st new.csv --explain-columns 2
try hourglass score m.st new.csv --explain 0
try hourglass score m.st - --explain 1 -o s.csv
try hourglass score m.st new.csv --explain 1 --explain-output new.csv
# What was found is the text of the file: all digits, its signs, words that were never seen.
python3 - <<'EOF'
import random
random.seed(2)
def save(name, odd):
    with open(name, "w") as f:
        f.write("nr;betrag;art;stand;tag\n")
        for i in range(800 if odd is None else 30):
            v, kind, meter = random.gauss(100, 9), random.choice("ab"), random.gauss(5e5, 9e4)
            cells = [str(i), ("%.2f" % v).replace(".", ","), kind, "%.0f" % meter,
                     "%02d.03.2024" % random.randint(1, 28)]
            if odd and i in odd: cells[odd[i][0]] = odd[i][1]
            f.write(";".join(cells) + "\n")
save("kauf.csv", None)
save("neu.csv", {7: (1, "445.751,06"), 9: (2, '"c\n<d>"'), 11: (3, "1369058007212337")})
EOF
hourglass train kauf.csv --preset anomaly --drop nr --decimal , -q -o k.st 2>/dev/null
hourglass score k.st neu.csv --drop nr -x 3 --explain-format json -q >k.json
python3 -c 'import json
for r in sorted(json.load(open("k.json"))["rows"], key=lambda r: r["row"]):
    c = r["causes"][0]
    print(r["row"], c["column"], [c["found"]], c.get("found_text"))'
hourglass score k.st neu.csv --drop nr -x 3 -q | grep -o -E '445.751,06|1369058007212337|c.n<d>' | sort
hourglass score k.st neu.csv --drop nr -x 3 --explain-format html -q | grep -o -E '445.751,06|1369058007212337|c.n&#60;d&#62;' | sort
hourglass score k.st - --drop nr -x 3 -q <neu.csv | grep -c '^row'
