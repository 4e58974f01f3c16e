# SPDX-License-Identifier: MIT
# data info tells what a file holds; data convert keeps every value.
. "$(dirname "$0")/common.bash"
hourglass data info $train
hourglass data info $table --drop-non-numeric | sed -n '2,9p'
hourglass data info $table --columns 'mean area,mean radius' --json |
    grep -o '"rows": [0-9]*, "features": [0-9]*\|"name": "[^"]*"'
hourglass data convert $train --limit 20 -q -o a.csv
hourglass data convert a.csv --to npy -q -o b
hourglass data convert b -q -o c.csv
cmp a.csv c.csv && echo same
printf '1;2,5\n3;4\n' | hourglass data convert - --delimiter semicolon --decimal , -o -
