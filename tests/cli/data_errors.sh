# SPDX-License-Identifier: MIT
# A file that cannot be read is named with the place.
. "$(dirname "$0")/common.bash"
try hourglass data
try hourglass data inof x
try hourglass data info
try hourglass data info none
mkdir folder
: >folder/README.md
try hourglass data info folder
try hourglass data info $table --strict
printf '1,2\n3\n' >a.csv
try hourglass data info a.csv
printf "1,2\n3,inf\n" >a.csv
try hourglass data info a.csv
head -c 1000 $train >cut.gz
try hourglass data info cut.gz
try hourglass data info $train --format jpeg
try hourglass data info $train --limit 0
try hourglass data info $train --shape 9x9
try hourglass data info $table --delimiter ab
try hourglass data convert $train
