# SPDX-License-Identifier: MIT
# examples/tour.c is short, builds outside the tree against an installed library found by
# pkg-config, runs on the sample, and the installed program opens the model it saves.
root=$(cd "$HG_SAMPLE/.." && pwd)
build=$(dirname "$(command -v hourglass)")
for tool in cc make pkg-config; do
    command -v $tool >/dev/null || { echo "no $tool"; exit 77; }
done
lines=$(wc -l <"$root/examples/tour.c")
[ "$lines" -lt 60 ] || { echo "tour.c: $lines lines, expected fewer than 60" >&2; exit 1; }

# The flags of the build under test, so that installing it does not build it anew.
built_with() { grep -q -- "$1" "$build/known/flags" && echo 1 || echo 0; }
env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -C "$root" BUILD="${build#"$root"/}" \
    CC="$(cut -d' ' -f1 "$build/known/flags")" WERROR="$(built_with -Werror)" \
    WITH_YAML="$(built_with HG_WITH_YAML=1)" WITH_CAIRO="$(built_with HG_WITH_CAIRO=1)" \
    PREFIX="$(realpath --relative-to="$root" .)/installed" install >install.log 2>&1 || { cat install.log >&2; exit 1; }

# Away from the source tree, with the line that install ended with: only what was installed
# is there.
grep -q "^The loader does not look into $PWD/installed/lib" install.log
eval "$(tail -n 1 install.log)"
[ "$(command -v hourglass)" = "$PWD/installed/bin/hourglass" ]
[ "$(pkg-config --variable=prefix hourglass)" = "$PWD/installed" ]
cp "$root/examples/tour.c" .
# shellcheck disable=SC2046
cc tour.c -o tour $(pkg-config --cflags --libs hourglass)
ldd tour | grep -q "$PWD/installed/lib/libhourglass"

./tour "$HG_SAMPLE/fashion/train-images-idx3-ubyte.gz" >out
cat out
grep -qx 'epoch 5 of 5: loss 0\.[0-9]*' out
grep -qx '1000 rows: 784 values -> 16 -> 784' out
# Better than knowing nothing but the mean pixel, whose error is the variance, 0.088.
mse=$(sed -n 's/^mean squared error //p' out)
awk -v mse="$mse" 'BEGIN { exit !(mse > 0 && mse < 0.07) }'
installed/bin/hourglass summary tour.safetensors | grep -q 'trained on *1,000 rows, 5 epochs'

# What cannot be read is said in one line.
if ./tour nosuch.csv 2>err; then echo "a missing file was accepted" >&2; exit 1; fi
grep -qx 'tour: nosuch.csv: cannot open: No such file or directory' err
