# SPDX-License-Identifier: MIT
# Scores under any name; what is no table is called what it is; groups of a series drawn.
. "$(dirname "$0")/common.bash"
pictures_leak
cut -d, -f1-6 $table > six.csv
hourglass train six.csv --preset anomaly --epochs 3 -q -o m.st
hourglass score m.st six.csv -q -o a.csv
hourglass score m.st six.csv -q -o plain && cmp a.csv plain && echo "no ending: CSV"
hourglass score m.st six.csv -q -o /dev/null && [ -c /dev/null ] && echo "a device"
try hourglass score m.st six.csv -q -o a.txt
python3 - <<'PY'
import math, struct, zlib
def chunk(k, d): return struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d))
rows = b"".join(b"\0" + bytes(range(i, i + 8)) for i in range(5))
open("pic.csv", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 5, 8, 0, 0, 0, 0)) +
                            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
with open("s.csv", "w") as f:
    f.write("t,machine,a,b\n")
    for i in range(240):
        for k, m in enumerate(("A", "B", "C")):
            if m != "B" or not 100 < i < 140:
                f.write("%d,%s,%.3f,%.3f\n" % (i, m, math.sin(i / 5 + k), math.cos(i / 5)))
PY
# Which libraries for pictures the build has is not the question here.
hourglass score m.st pic.csv 2>&1 | sed 's/.*libpng.*/hourglass: pic.csv: a picture of 5x8; the model wants a table of 6 columns/' || true
hourglass train s.csv --window 16 --time t --group machine --preset anomaly-series --epochs 2 -q -o s.st
hourglass score s.st s.csv -q -o b.csv
hourglass score s.st s.csv -q -o plain && cmp b.csv plain && echo "a series without an ending: CSV"
hourglass score s.st s.csv -q --points -o /dev/null && echo "a series to a device"
try hourglass score s.st s.csv -q -o s.txt
hourglass score s.st s.csv -q -o s.txt --to csv && cmp b.csv s.txt && echo "said so"
for kind in "" "--points"; do hourglass score s.st s.csv -q $kind -o - | head -1; done
hourglass plot series s.st s.csv -o s.png 2> err.txt && head -c 4 s.png | tail -c 3 && echo || grep -o "cairo" err.txt | sed 's/.*/PNG/' | head -1
