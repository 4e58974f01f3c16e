# SPDX-License-Identifier: MIT
# info names the kernels; --cpu limits them.
. "$(dirname "$0")/common.bash"
hourglass info | cut -d ' ' -f 1
hourglass info --cpu ref | grep '^kernels '
hourglass info --threads 3 --json | grep -o '"threads": "3"'
try hourglass info --cpu abacus
