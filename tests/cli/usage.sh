# SPDX-License-Identifier: MIT
# Wrong command lines exit with 2 and name the nearest right word.
. "$(dirname "$0")/common.bash"
try hourglass trian
try hourglass xyzzy
try hourglass --nonsense
try hourglass -x
try hourglass summary a b
try hourglass summary --jsno a
try hourglass encode a b c
hourglass --version | grep -c '^hourglass [0-9]*\.[0-9]*\.[0-9]*$'
hourglass -V | cmp - <(hourglass --version)
status=0
hourglass >/dev/null 2>err || status=$?
echo "exit $status"
sed -n 3p err
# "--" ends the options.
try hourglass summary -- --json
