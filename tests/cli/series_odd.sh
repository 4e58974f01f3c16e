# SPDX-License-Identifier: MIT
# Series that are not as they should be: one line that says so, or what the manual states.
. "$(dirname "$0")/common.bash"
make() { # N rows of two channels, times by an awk expression of i
    awk -v n="$1" 'BEGIN { srand(2); print "t,a,b"; for (i = 0; i < n; i++) print '"$2"' "," sin(i / 4) + rand() / 9 "," cos(i / 4) + rand() / 9 }'
}
stamp='strftime("%Y-%m-%dT%H:%M:%S", 1711843200 + 300 * i, 1)'
make 900 "$stamp" > good.csv
fit() { hourglass train "$1" --window 24 --time t --preset anomaly-series --epochs 2 -q -o "${2:-x.st}" "${@:3}"; }
fit good.csv m.st
one() { printf -- '--- %s: ' "$1"; shift; "$@" 2>&1 || true; }
{ head -1 good.csv; tail -n +2 good.csv | sort -t, -k2 -g; } > shuffled.csv
one shuffled fit shuffled.csv
{ head -1 good.csv; tail -n +2 good.csv | tac; } > newest.csv
one "newest first" fit newest.csv
make 900 'int(i / 3) * 300' > same.csv
one "three rows of each time" fit same.csv
make 900 "(i % 2 ? $stamp : 1711843200 + 300 * i)" > mixed.csv
one "numbers and dates" fit mixed.csv
awk -F, -v OFS=, 'NR == 2 { $1 = "13/3/2024" } NR == 3 { $1 = "3/14/2024" } 1' good.csv > forms.csv
one "days and months first" fit forms.csv
head -20 good.csv > short.csv
one "too short" fit short.csv
one "too short to score" hourglass score m.st short.csv
head -2 good.csv > one.csv
one "one row" hourglass score m.st one.csv
one "a stride over the window" fit good.csv s.st --stride 60
hourglass score s.st good.csv --points -q 2> err.txt | grep -c nan; cat err.txt
awk -F, -v OFS=, 'NR > 1 { $2 = 3 } 1' good.csv > constant.csv
one "a constant channel" fit constant.csv c.st
hourglass score c.st constant.csv -q | grep -c 'nan\|inf' || true
awk -F, -v OFS=, 'NR > 1 { $2 = "" } 1' good.csv > empty.csv
one "a channel without a value" fit empty.csv
one "... when scored" hourglass score m.st empty.csv
awk -F, -v OFS=, 'NR == 300 { $2 = "" } NR >= 500 && NR < 502 { $2 = "NA" } 1' good.csv > holes.csv
hourglass score m.st holes.csv -q -o h.csv 2>&1; grep -c . h.csv
# A clock that is put forward and back, by an hour: a gap, and another series.
awk -F, -v OFS=, 'NR == 1 { print; next } { i = NR - 2; s = 1711843200 + 300 * i + (i >= 300 ? 3600 : 0) - (i >= 600 ? 3600 : 0); $1 = strftime("%d.%m.%Y %H:%M", s, 1); print }' good.csv > clock.csv
hourglass score m.st clock.csv -v -q -o k.csv 2>&1 | grep median
# ... which a zone does not do.
awk -F, -v OFS=, 'NR == 1 { print; next } { i = NR - 2; z = i >= 300 && i < 600; $1 = strftime("%Y-%m-%d %H:%M:%S", 1711843200 + 300 * i + (z ? 7200 : 3600), 1) (z ? "+02:00" : "+01:00"); print }' good.csv > zone.csv
hourglass score m.st zone.csv -v -q -o z.csv 2>&1 | grep median
sed -n 2p z.csv | cut -d, -f1-2
make 900 'strftime("%Y-%m-%dT%H:%M:%S", 1711843200 + 600 * i, 1)' > slow.csv
one "another step" hourglass score m.st slow.csv -q -o s.csv
sed 's/$/\r/' good.csv > crlf.csv
hourglass score m.st good.csv -q -o a.csv; hourglass score m.st crlf.csv -q -o b.csv; cmp a.csv b.csv && echo "--- CRLF: the same"
cut -d, -f2,3 good.csv > timeless.csv
one "no column of time" hourglass score m.st timeless.csv -q
one "a named pipe" hourglass score m.st <(cat good.csv) -q
one "a pipe" hourglass score m.st - -q < good.csv
set +o pipefail
hourglass score m.st good.csv -q --points 2> err.txt | head -1; cat err.txt
hourglass score m.st - --follow -q < good.csv 2> err.txt | head -1; cat err.txt
set -o pipefail
{ head -40 good.csv; echo "2024-03-31T03:15:00,x,1"; sed -n '42,80p' good.csv; } | hourglass score m.st - --follow > f.csv
grep -c nan f.csv
{ head -40 good.csv; sed -n '60,100p' good.csv; } | hourglass score m.st - --follow > f.csv
grep -c nan f.csv
{ sed -n '2,40p' good.csv | cut -d, -f2,3; } | hourglass score m.st - --follow -q | grep -c nan
