# SPDX-License-Identifier: MIT
# A series from a CSV file with a column of time: windows, gaps, scores of windows and of
# points, a model that knows all of it.
. "$(dirname "$0")/common.bash"
need_cairo
awk 'BEGIN { srand(4); pi = 3.14159265
    print "time,flow,pressure" > "normal.csv"; print "pressure,time,flow,note" > "new.csv"
    t = 1709251200
    for (i = 0; i < 4000; i++) {
        if (i == 1500) t += 7200
        print t "," sin(2 * pi * i / 24) + 0.2 * (rand() - 0.5) "," cos(2 * pi * i / 24) / 2 + 0.2 * (rand() - 0.5) > "normal.csv"
        t += 300
    }
    for (i = 0; i < 1000; i++) {
        if (i == 800) t += 7200
        print (i >= 500 && i < 530 ? 0 : cos(2 * pi * i / 24) / 2) + 0.2 * (rand() - 0.5) "," t "," sin(2 * pi * i / 24) + 0.2 * (rand() - 0.5) ",x" > "new.csv"
        t += 300
    } }'
hourglass train normal.csv --window 48 --time time --preset anomaly-series --calibrate 0.3 --epochs 10 -q -o m.st
hourglass summary m.st | grep -E '^(input|code )'
# Columns by name; the column of time is known, any other is not.
hourglass score m.st new.csv -q -o x.csv 2>&1 || true
hourglass score m.st new.csv --ignore-extra -q -a --false-alarms 0.05 -o w.csv
head -1 w.csv
# 48 rows every 12: 63 in the first 800 rows, 13 behind the gap.
grep -c '^[0-9]' w.csv
# The score is highest where the second channel stands still: rows 500 to 529.
awk -F, -v first="$(sed -n 2p new.csv | cut -d, -f2)" 'NR > 1 && $3 + 0 > best { best = $3 + 0; at = ($1 - first) / 300 } END { print (at >= 460 && at <= 520 ? "highest there" : at) }' w.csv
hourglass score m.st new.csv --ignore-extra --points -q -a -p --false-alarms 0.05 -o p.csv
head -1 p.csv; grep -c . p.csv
awk -F, 'NR > 501 && NR <= 531 { n += $4 } END { print (n == 30 ? "all of them" : n) }' p.csv
# Rows around them are in the same windows: some are taken along, by the mean score 66.
awk -F, '(NR > 440 && NR < 590) { n += $4 } END { print (n < 30 + 50 ? "not as many more" : n) }' p.csv
awk -F, '(NR > 60 && NR < 400) { n += $4 } END { print (n < 17 ? "few others" : n) }' p.csv
# A file and memory, any number of threads: the same.
hourglass score m.st new.csv --ignore-extra --points -q -a -p --false-alarms 0.05 --stream --threads 1 -o q.csv && cmp p.csv q.csv && echo same
# NPY, evenly spaced.
cut -d, -f2-3 normal.csv > plain.csv
hourglass data convert plain.csv -q -o plain.npy
hourglass train plain.npy --window 48 --preset anomaly-series --epochs 2 -q -o n.st
hourglass score n.st plain.npy -q | head -3 | cut -d, -f1-2
hourglass score n.st - -q < plain.npy | cmp - <(hourglass score n.st plain.npy -q) && echo "a pipe will do"
# As they arrive: each line's score is that of the window which ends with it.
hourglass score m.st - --follow --ignore-extra -q < new.csv > f.csv
grep -c . f.csv; grep -c nan f.csv
sed -n '49p;61p;73p' f.csv | cmp - <(sed -n '2,4p' w.csv | cut -d, -f3) && echo "as in a file"
# Windows as far apart as one likes, for whatever is made of them.
hourglass score m.st new.csv --ignore-extra --stride 1 -q | grep -c '^[0-9]'
hourglass score m.st new.csv --ignore-extra --stride 1 -q | sed -n '2,754p' | cut -d, -f3 | cmp - <(sed -n '49,801p' f.csv) && echo "as they arrive"
hourglass score m.st new.csv --ignore-extra --stride 48 -q 2> /dev/null | grep -c '^[0-9]'
hourglass score m.st new.csv --ignore-extra --stride 9223372036854775807 -q 2> /dev/null | grep -c '^[0-9]'
hourglass encode m.st new.csv --ignore-extra --stride 1 -q -o - | grep -c '^[0-9]'
hourglass evaluate m.st new.csv --ignore-extra --stride 1 -q --no-pca | grep -c '^rows  *906'
hourglass plot series m.st new.csv --ignore-extra --false-alarms 0.05 -o w.png && grep -c PNG w.png
refused() {
    echo "--- $*"
    "$@" 2>&1 && echo "exit 0" || echo "exit $?"
}
refused hourglass train normal.csv --window 48 --preset anomaly-series --group flow -q
refused hourglass train normal.csv --stride 4 --preset anomaly-series -q
# What a row is, and which column is none of the channels, has an option to type.
awk -F, -v OFS=, 'NR > 1 { $1 = strftime("%Y-%m-%d %H:%M:%S", $1, 1) } { print $0, NR == 1 ? "press" : NR % 2 ? "P1" : "P2" }' normal.csv > shop.csv
refused hourglass train shop.csv --preset anomaly-series -q --epochs 1 -o x.st
refused hourglass train shop.csv --preset anomaly-series --window 48 -q --epochs 1 -o x.st
refused hourglass train shop.csv --preset anomaly-series --window 48 --time time -q --epochs 1 -o x.st
refused hourglass train shop.csv --preset anomaly-series --window 48 --time time --group press --dry-run -q --epochs 1 -o x.st
cut -d, -f2-3 normal.csv > numbers.csv
refused hourglass train numbers.csv --preset anomaly-series --epochs 1 -q -o x.st
awk -F, 'BEGIN { srand(1); for (k = 0; k < 20; k++) printf "t%d%s", k, k < 19 ? "," : "\n"; for (i = 0; i < 300; i++) for (k = 0; k < 20; k++) printf "%.3f%s", sin(k + rand()), k < 19 ? "," : "\n" }' > rows.csv
refused hourglass train rows.csv --preset anomaly-series --epochs 1 -q -o x.st
sed '1s/t7/flow/' rows.csv > channels.csv
refused hourglass train channels.csv --preset anomaly-series --epochs 1 -q -o x.st
refused hourglass train normal.csv --window 5000 --time time --preset anomaly-series -q
refused hourglass train normal.csv --window 48 --time when --preset anomaly-series -q
refused hourglass train normal.csv --window 48 --time time --gap 0 --preset anomaly-series -q
refused hourglass score m.st normal.csv -q -o x.npy
refused hourglass score m.st plain.csv -q
refused hourglass score m.st - -q < normal.csv
refused hourglass score m.st new.csv --ignore-extra --stride 4x4
refused hourglass score m.st new.csv --ignore-extra --stride 0
refused hourglass score m.st new.csv --follow --stride 4
refused hourglass train plain.csv --preset anomaly --epochs 1 -q -o r.st
refused hourglass score r.st plain.csv --points
