# SPDX-License-Identifier: MIT
# A model file is what docs/file-format.md says: NumPy alone computes the same
# reconstructions from it, and the safetensors package, where there is one, reads it alike.
# Where there is Keras, its layers take the weights as they lie and do the same.
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
    hourglass train $train --epochs 10 --batch-size 32 "$@" -q -o "$name.safetensors"
    hourglass reconstruct "$name.safetensors" $test -q -o "$name.npy"
    "$python" "$here/forward.py" "$name.safetensors" $test "$name.npy" >&2
    "$python" "$here/check_safetensors.py" "$name.safetensors" >&2
}
check shallow --preset keras-dense
check deep --hidden 64,32 --code 16 --batchnorm --dropout 0.1
check tanh --encoder 'dense 32 tanh; dense 8' --decoder 'dense 32 tanh; dense input sigmoid'

# convolutional NAME OPTIONS...: the same, and beside Keras itself.
convolutional() {
    check "$@"
    local status=0
    "$python" "$here/keras_forward.py" "$1.safetensors" $test "$1.npy" >&2 || status=$?
    [ "$status" = 0 ] || [ "$status" = 77 ]
}
# Sizes that do not divide, windows that overlap, kernels of odd and even sizes.
convolutional same --loss bce \
    --encoder 'conv 4 3x3 relu; maxpool 2 padding=same; conv 5 3x3 relu stride=2; '\
'maxpool 3 stride=2 padding=same' \
    --decoder 'convt 5 3x3 stride=2 relu; convt 4 3x3 stride=2 relu; convt 3 2x2 relu; '\
'convt 1 3x3 stride=2 sigmoid; crop 2'
convolutional shapes --loss bce --epochs 5 \
    --encoder 'pad 1x2; avgpool 3x2 stride=2 padding=same; conv 4 2x4 tanh padding=valid; '\
'batchnorm; upsample 2 bilinear; layernorm; maxpool 3 stride=2 padding=same; gap' \
    --decoder 'dense 196 tanh; reshape 7x7x4; upsample 2 bilinear; upsample 2; '\
'convt 3 3x2 padding=valid tanh; crop 1x0; avgpool 1x2 stride=1; conv 1 3x3; flatten; '\
'activation sigmoid'
convolutional tutorial --preset keras-conv --epochs 1
convolutional denoise --preset conv-denoise --epochs 1
# What Keras has other words for, or none.
check other --loss bce --epochs 3 \
    --encoder 'pad 1 left=3; conv 4 3x3 stride=3x2 relu; conv 4 3x3 relu; conv 4 3x3; '\
'residual 2 relu; avgpool 3 padding=1' \
    --decoder 'dense 841 tanh; reshape 29x29x1; crop top=1 left=1; conv 3 3x3 relu; '\
'conv 3 5x5 relu; residual 1; conv 1 3x3 sigmoid'
