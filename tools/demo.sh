#!/bin/sh
# SPDX-License-Identifier: MIT
# The first two minutes: train an autoencoder on real images, measure it, draw what it
# sees.  tools/demo.sh [BUILD-FOLDER]; everything goes to demo/.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/release}
PATH="$(cd "$build" && pwd):$PATH"
started=$(date +%s)

# 70,000 images where Debian's package is installed, else the 1,200 that we ship.
images=/usr/share/datasets/fashion-mnist
epochs=50
if [ ! -e "$images/train-images-idx3-ubyte.gz" ]; then
    images=data/fashion
    epochs=500
fi
train=$images/train-images-idx3-ubyte.gz test=$images/t10k-images-idx3-ubyte.gz

pictures=yes
hourglass info | grep -q '^cairo *no' && pictures=no

show() {
    echo
    echo "\$ $*"
    "$@"
}

mkdir -p demo
if [ $pictures = yes ]; then set -- --plot demo/loss.png; else set --; fi
show hourglass train "$train" --valid "$test" --preset keras-dense --epochs $epochs \
    -o demo/model.safetensors --log demo/log.jsonl "$@"
show hourglass evaluate demo/model.safetensors "$test"
if [ $pictures = yes ]; then
    show hourglass plot grid demo/model.safetensors "$test" -o demo/grid.png
    show hourglass plot filters demo/model.safetensors -o demo/filters.png
fi

echo
echo "Made in $(($(date +%s) - started)) seconds, in demo/:"
echo '  model.safetensors  784 pixels through 32 numbers and back'
echo '  log.jsonl          the losses, one epoch a line'
if [ $pictures = yes ]; then
    echo '  loss.png           the losses, drawn'
    echo '  grid.png           test images over what the model makes of them'
    echo '  filters.png        what each of the 32 numbers paints'
else
    echo '  (no pictures: this build is without cairo, package libcairo2-dev)'
fi
echo 'Try next:'
echo "  export PATH=\"\$PWD/$build:\$PATH\""
echo '  hourglass summary demo/model.safetensors'
echo "  hourglass encode demo/model.safetensors $test -o demo/codes.npy"
echo "  hourglass train $train --preset stacked --early-stop 5 -o demo/deeper.safetensors"
