# SPDX-License-Identifier: MIT
# A wrong configuration file is named with its line and column.
. "$(dirname "$0")/common.bash"
need_yaml
run() {
    printf "$1" >a.yaml
    try hourglass train $test --config a.yaml --dry-run
}
run 'code: 4\nepoch: 3\n'
run 'code: 4\ntrain:\n  lr: 1e3x\n'
run 'code: 4\ncode: 5\n'
run 'code: &a 4\n'
run 'encoder: [dense 4\n'
try hourglass train $test --config none.yaml
