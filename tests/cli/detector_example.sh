# SPDX-License-Identifier: MIT
# examples/detector.c is short, knows only the public header, and watches a stream.
root=$(cd "$HG_SAMPLE/.." && pwd)
build=$(dirname "$(command -v hourglass)")
command -v cc >/dev/null || { echo "no cc"; exit 77; }
[ "$(wc -l <"$root/examples/detector.c")" -le 60 ] || echo "longer than 60 lines"
grep '^#include' "$root/examples/detector.c"
cc -std=c11 -Wall -Wextra -Werror -I"$root/include" "$root/examples/detector.c" -o detector \
    -L"$build" -lhourglass -Wl,-rpath,"$build"
awk -F, 'NR == 1 || $31 == "benign"' "$HG_SAMPLE/breast-cancer.csv" | cut -d, -f1-30 > good.csv
hourglass train good.csv --preset anomaly --epochs 20 -q -o m.st
{ cut -d, -f1-30 "$HG_SAMPLE/breast-cancer.csv"; echo 1,2,x; } | ./detector m.st > out.txt 2> err.txt
tail -1 out.txt
cat err.txt
# As the program decides.
found=$(cut -d, -f1-30 "$HG_SAMPLE/breast-cancer.csv" | hourglass predict m.st - -q 2>/dev/null | grep -c '^1') || true
[ "$(grep -c '^ANOMALY' out.txt)" = "$found" ] && [ "$found" -gt 50 ] && echo "as the program decides"
./detector nosuch.st < good.csv 2>&1 || echo "exit $?"
