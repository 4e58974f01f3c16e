# SPDX-License-Identifier: MIT
# evaluate --labels: accuracies of classifiers on codes, beside PCA and the rows.
. "$(dirname "$0")/common.bash"
awk 'BEGIN { OFS = ","; print "a,b,c"; for (i = 0; i < 60; i++) print i % 3 * 5 + i / 100, i % 7, i % 5 }' >rows.csv
awk 'BEGIN { OFS = ","; print "id,class"; for (i = 0; i < 60; i++) print i, i % 3 }' >labels.csv
hourglass train rows.csv --code 2 --epochs 1 -q -o m.safetensors
hourglass evaluate m.safetensors rows.csv -q --labels labels.csv --label-column class | tail -n 5 | sed 's/[01]\(\.[0-9]*\)\{0,1\}\( \|$\)/N /g; s/  *N/ N/g; s/ *$//'
hourglass evaluate m.safetensors rows.csv --labels labels.csv --label-column class \
    --train rows.csv --train-labels labels.csv --json | grep -o '"knn_raw": [0-9.]*'
hourglass evaluate m.safetensors rows.csv --labels labels.csv 2>&1 || echo "exit $?"
hourglass evaluate m.safetensors rows.csv --train-labels labels.csv 2>&1 || echo "exit $?"
hourglass evaluate m.safetensors rows.csv --labels labels.csv --train rows.csv 2>&1 || echo "exit $?"
