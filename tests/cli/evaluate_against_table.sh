# SPDX-License-Identifier: MIT
# Two detectors of one table, trained on files with other words: each reads it its own way.
. "$(dirname "$0")/common.bash"
table() {
    awk -v seed="$1" -v year="$2" -v word="$3" 'BEGIN { srand(seed); print "date,a,b,k"
        for (i = 0; i < 200; i++) { x = rand()
            printf "%d-%02d-%02d,%g,%g,%s\n", year, 1 + i % 12, 1 + i % 28, x, 2 * x,
                i % 3 ? "u" : word } }'
}
table 3 2024 v >a.csv
table 4 2025 w >b.csv
awk 'BEGIN { print "l"; for (i = 0; i < 200; i++) print i % 20 == 0 }' >l.csv
for t in a b; do hourglass train $t.csv --preset anomaly --epochs 2 -q -o $t.st; done
hourglass evaluate a.st b.csv --labels l.csv --against b.st | grep -c -E '^(loss|roc_auc) '
hourglass evaluate b.st a.csv --against a.st | grep -c '^loss '
# Heat maps of what is no picture are refused before scores are written.
try hourglass score a.st a.csv --heatmap maps -o scores.csv
test ! -e scores.csv
