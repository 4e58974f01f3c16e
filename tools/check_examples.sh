#!/bin/bash
# SPDX-License-Identifier: MIT
# Build and run each program of examples/, in a scratch folder, with a file of the sample
# data as its argument: tools/check_examples.sh BUILD-FOLDER.  The one that watches standard
# input has a model as its argument, and rows to watch.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
build=${1:-build/release}
make --no-print-directory BUILD="$build" examples >/dev/null || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rows=$scratch/rows.csv images=$root/data/fashion/train-images-idx3-ubyte.gz
cut -d, -f1-30 data/breast-cancer.csv >"$rows"
"$build/hourglass" train "$rows" --preset anomaly -q -o "$scratch/model.safetensors" || exit 1
passed=0 failed=0
for source in examples/*.c; do
    [ -e "$source" ] || continue
    name=$(basename "$source" .c) why=''
    lines=$(wc -l <"$source")
    [ "$lines" -le 100 ] || why="$lines lines, at most 100"
    mkdir "$scratch/$name"
    argument=$images
    [ "$name" != detector ] || argument=$scratch/model.safetensors
    (cd "$scratch/$name" && timeout 120 "$root/$build/examples/$name" \
        "$argument") <"$rows" >"$scratch/out" 2>&1 || why="exit status $?"
    if [ -z "$why" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $source: $why"
        tail -n 20 "$scratch/out" | sed 's/^/    /'
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
