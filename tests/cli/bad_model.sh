# SPDX-License-Identifier: MIT
# What is no model, or a damaged one, is refused in one line by every verb that takes a model.
. "$(dirname "$0")/common.bash"
small_model
size=$(stat -c %s model.safetensors)
: >empty.safetensors
head -c 1000 model.safetensors >cut.safetensors
head -c $((size - 1)) model.safetensors >short.safetensors
{ cat model.safetensors; echo; } >long.safetensors
cp $table table.safetensors
mkdir folder.safetensors
sed 's/\\"version\\":1/\\"version\\":2/' model.safetensors >newer.safetensors
sed 's/\\"dense 4 /\\"dens 4  /' model.safetensors >word.safetensors
sed 's/\\"dense 4 /\\"dense 5 /' model.safetensors >shape.safetensors
for name in empty cut short long table folder newer word shape missing; do
    try hourglass summary $name.safetensors
done
# Swapped, or one for the other.
try hourglass encode $test model.safetensors -o out.npy
try hourglass encode table.safetensors $test -o out.npy
try hourglass encode model.safetensors model.safetensors -o out.npy
try hourglass train model.safetensors --code 2 -o out.safetensors
for verb in evaluate encode decode reconstruct; do
    out='-o out.npy'
    [ $verb = evaluate ] && out=
    status=0
    # shellcheck disable=SC2086
    hourglass $verb cut.safetensors $test $out >said 2>&1 || status=$?
    echo "$verb: $status, $(wc -l <said) line, $(ls out.npy 2>/dev/null || echo no output)"
done
