# SPDX-License-Identifier: MIT
# What the tests of the program share: sourced, not run.
ln -s "$HG_SAMPLE" data
train=data/fashion/train-images-idx3-ubyte.gz
test=data/fashion/t10k-images-idx3-ubyte.gz
table=data/breast-cancer.csv

# Show a command, all that it says, and its exit status.
try() {
    local status=0
    echo "\$ $*"
    "$@" 2>&1 || status=$?
    echo "=> $status"
}

# A small model to use: model.safetensors
small_model() {
    hourglass train $test --preset keras-dense --code 4 --epochs 1 -q -o model.safetensors
}

fail() {
    echo "FAILED: $*"
    exit 1
}
skip() {
    echo "$*"
    exit 77
}
# Fonts that cairo finds stay with their library to the program's end: no leaks of ours.
pictures_leak() {
    local list
    list=$(cd "$(dirname "$0")" && pwd)/lsan.supp
    export LSAN_OPTIONS="suppressions=$list:print_suppressions=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}"
}
need_cairo() {
    hourglass info | grep '^cairo' | grep -qv 'not built' || skip 'built without cairo'
    pictures_leak
}
need_pictures() {
    hourglass info | grep -E '^lib(png|jpeg)' | grep -q 'not built' || return 0
    skip 'built without PNG or JPEG'
}
need_yaml() {
    hourglass info | grep '^yaml' | grep -qv 'not built' || skip 'built without libyaml'
}
