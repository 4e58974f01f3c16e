# SPDX-License-Identifier: MIT
# A model file is what docs/file-format.md says: NumPy alone computes the same
# reconstructions from it, and the safetensors package, where there is one, reads it alike.
. "$(dirname "$0")/common.bash"
here=$(dirname "$0")/../python
python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import numpy' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || skip 'no NumPy (Debian: python3-numpy)'

# check NAME OPTIONS...: train a little, reconstruct, compare.
check() {
    local name=$1
    shift
    hourglass train $train "$@" --epochs 10 --batch-size 32 -q -o "$name.safetensors"
    hourglass reconstruct "$name.safetensors" $test -q -o "$name.npy"
    "$python" "$here/forward.py" "$name.safetensors" $test "$name.npy" >&2
    "$python" "$here/check_safetensors.py" "$name.safetensors" >&2
}
check shallow --preset keras-dense
check deep --hidden 64,32 --code 16 --batchnorm --dropout 0.1
check tanh --encoder 'dense 32 tanh; dense 8' --decoder 'dense 32 tanh; dense input sigmoid'
