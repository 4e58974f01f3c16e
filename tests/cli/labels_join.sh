# SPDX-License-Identifier: MIT
# Labels in another order than the rows: a column that names the rows of both joins them.
. "$(dirname "$0")/common.bash"
awk -F, 'NR == 1 || $31 == "benign"' $table | cut -d, -f1-5 > good.csv
awk -F, -v OFS=, 'NR == 1 { print "part", $0; next } { print "P-" NR, $0 }' $table | cut -d, -f1-6 > rows.csv
awk -F, -v OFS=, 'NR == 1 { print "part,bad"; next } { print "P-" NR, $31 == "malignant" }' $table > labels.csv
(head -1 labels.csv; tail -n +2 labels.csv | sort -t- -k2r) > sorted.csv
hourglass train good.csv --preset anomaly --epochs 3 -q -o m.st
judge() { hourglass evaluate m.st rows.csv --drop part --labels "$1" --label-column bad --no-pca --bootstrap 0 --json "${@:2}" > out.json && cat out.json; }
judge labels.csv -q > a.json
judge sorted.csv > b.json && cmp a.json b.json && echo joined
# Nothing to join by: another name, a name twice, one that the rows lack.
sed '1s/part/piece/' sorted.csv > other.csv
sed '3s/.*,/P-2,/; 2s/.*,/P-2,/' sorted.csv > twice.csv
sed '2s/.*,/Q,/' sorted.csv > lacks.csv
for f in other twice lacks; do judge $f.csv -q > c.json; cmp -s a.json c.json || echo "$f: as they stand"; done
