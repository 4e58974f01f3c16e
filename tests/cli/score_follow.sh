# SPDX-License-Identifier: MIT
# A stream is scored line by line: the same numbers as a file's, a score before the next
# line is there, and bad lines that stop nothing.
cp "$HG_SAMPLE/breast-cancer.csv" t.csv
awk -F, 'NR == 1 || $31 == "benign"' t.csv | cut -d, -f1-30 > good.csv
cut -d, -f1-30 t.csv > all.csv
hourglass train good.csv --preset anomaly --epochs 20 -q -o m.st
hourglass score m.st all.csv -p --quantile 0.9 -q -o file.csv
hourglass score m.st - --follow -p --quantile 0.9 -q < all.csv | cmp - file.csv && echo "as a file"
tail -n +2 all.csv | hourglass score m.st - --follow -p --quantile 0.9 -q | cmp - file.csv && echo "without a header"
# Columns in another order, one more: by name.
awk -F, -v OFS=, '{ a = $1; $1 = $30; $30 = a; print "x" NR, $0 }' all.csv > mixed.csv
hourglass score m.st - --follow -p --quantile 0.9 -q --ignore-extra < mixed.csv | cmp - file.csv && echo "by name"
hourglass score m.st all.csv --follow -p --quantile 0.9 -q -o f.csv && cmp f.csv file.csv && echo "to a file"

# The answer comes while the sender still waits for it.
mkfifo to from
hourglass score m.st - --follow -q < to > from &
exec 3> to 4< from
head -1 all.csv >&3
read -r -t 30 header <&4
for i in 2 3 4; do
    sed -n ${i}p all.csv >&3
    read -r -t 30 score <&4
    [ "$score" = "$(sed -n ${i}p file.csv | cut -d, -f1)" ] && echo "$header $i at once"
done
# Ctrl-C ends it, with the count so far.
exec 3>&- 4<&-
wait
mkfifo quiet
hourglass score m.st quiet --follow -o out.csv 2> err.txt &
pid=$!
exec 5> quiet
cat all.csv >&5
for _ in $(seq 300); do [ "$(wc -l < out.csv)" = 570 ] && break; sleep 0.1; done
kill -TERM $pid
wait $pid || echo "ended with $?"
exec 5>&-
cat err.txt

# A reader that leaves ends it silently.
set +o pipefail
cat all.csv | hourglass score m.st - --follow -q 2> err.txt | head -1
set -o pipefail
[ -s err.txt ] || echo "nothing said"

echo "--- bad lines"
{
    head -2 all.csv
    echo 1,2,3
    sed -n 3p all.csv | sed 's/^[^,]*/abc/'
    sed -n 3p all.csv | sed 's/^[^,]*//'
    echo
    printf '%s' "$(sed -n 3p all.csv)"
} > bad.csv
hourglass score m.st - --follow --quantile 0.9 < bad.csv 2> err.txt | awk -F, '{ print (NR == 1 ? $0 : $1 == "nan" ? $0 : "a score," $2) }'
sed 's/above [0-9.]*/above S/' err.txt
hourglass predict m.st - --follow --json -q < bad.csv 2> err.txt
refused() {
    echo "--- $*"
    "$@" 2>&1 && echo "exit 0" || echo "exit $?"
}
refused hourglass score m.st bad.csv --follow --max-bad 1 -q -o x.csv
cut -d, -f1-29 all.csv > narrow.csv
refused hourglass score m.st narrow.csv --follow -q -o x.csv
refused hourglass score m.st all.csv --follow --contamination 0.1
refused hourglass score m.st all.csv --follow --fdr 0.1
refused hourglass score m.st all.csv --follow --to npy
refused hourglass score m.st all.csv --max-bad 3
refused hourglass score m.st nosuch.csv --follow

echo "--- drift"
for i in 1 2; do tail -n +2 all.csv; done > many.csv
awk -F, -v OFS=, '{ for (i = 1; i <= NF; i++) $i *= 2; print }' many.csv | hourglass score m.st - --follow -q 2>&1 >x.csv | sed 's/of the last.*/.../'
for i in 1 2 3 4; do tail -n +2 good.csv; done | hourglass score m.st - --follow -q -o x.csv && echo "none of normal rows"
echo "--- a table"
awk 'BEGIN { srand(3); print "size,colour"; for (i = 0; i < 1500; i++) { c = int(3 * rand()); print (rand() < 0.1 ? "" : c + rand() / 10) "," substr("redlowsky", 3 * c + 1, 3) } }' > table.csv
hourglass train table.csv --preset anomaly --epochs 10 --calibrate 0.5 -q -o t.st
hourglass score t.st table.csv -q -o file.csv
hourglass score t.st - --follow -q < table.csv | cmp - file.csv && echo "as a file"
printf 'colour,size\nred,0.05\npink,1\nsky,\nsky,0.05\n' | hourglass score t.st - --follow --fdr 0.05 2> err.txt | grep -c .
sed 's/, [0-9]* anomalies.*;/, N anomalies;/' err.txt
echo "--- a cell of two lines is two bad lines"
printf 'size,colour\n0.05,"sky\nred"\n0.05,sky\n' | hourglass score t.st - --follow -q 2>&1 | sed 's/^[0-9.]*$/a score/'
