#!/bin/sh
# SPDX-License-Identifier: MIT
# The floors of the house: which room may include which, and where each foreign header
# lives.  Prints the includes that break the order; fails when there are any.
#
#   base <- kernels <- data <- model <- train <- apply <- export <- {cli, serve}
#   base <- metrics (for train, apply, report)      base <- report (for apply)
set -eu
cd "$(dirname "$0")/.."

{
    find src cli serve examples -name '*.[ch]' 2>/dev/null | sort | while read -r file; do
        grep -nE '^[[:space:]]*#[[:space:]]*(include|if|ifdef|ifndef|elif)\b' "$file" |
            sed "s|^|$file:|"
    done
} | awk '
function allow(room, list) { allowed[room] = " " list " " }
function bad(why) { print where ": " why; broken++ }
BEGIN {
    allow("base", "base")
    allow("kernels", "base kernels")
    allow("metrics", "base metrics")
    allow("report", "base metrics report")
    allow("data", "base kernels data")
    allow("model", "base kernels data model")
    allow("train", "base kernels data model metrics train")
    allow("apply", "base kernels data model metrics train report apply")
    allow("export", "base kernels data model metrics train report apply export")
    # Foreign headers, and the paths that may include them.
    home["cairo"] = "^src/report/"
    home["yaml"] = "^src/model/config_yaml[.]c$"
    home["zlib"] = "^src/data/"
    home["zip"] = "^src/data/read_npz[.]c$"
    home["png"] = "^src/data/picture_png[.]c$"
    home["jpeglib"] = "^src/data/picture_jpeg[.]c$"
    home["jerror"] = "^src/data/picture_jpeg[.]c$"
    home["jansson"] = "^(src/model/|src/apply/|src/export/|cli/|serve/)"
    home["dnnl"] = "^src/kernels/onednn/"
    home["mpi"] = "^src/train/dist_mpi[.]c$"
    # Who may ask what is in the build.
    asks = "^src/(report/|data/(read_npz|picture_png|picture_jpeg)[.]c|model/config_yaml[.]c|kernels/(pick|context)[.]c|apply/info[.]c)"
}
{
    split($0, part, ":")
    file = part[1]
    where = part[1] ":" part[2]
    text = substr($0, length(where) + 2)
    split(file, folder, "/")
    room = folder[1] == "src" ? folder[2] : folder[1]
}
text ~ /HG_WITH_/ {
    if (file !~ asks) bad("asks what is in the build: " text)
}
text !~ /include/ { next }
{
    name = text
    sub(/^[^"<]*["<]/, "", name)
    sub(/[">].*$/, "", name)
    foreign = name
    sub(/[-\/.].*$/, "", foreign)
    if (text ~ /</ && foreign in home && file !~ home[foreign]) bad("<" name "> has another home")
    if (text ~ /</) next
    if (folder[1] != "src") {
        if (name ~ /\//) bad("\"" name "\": a program sees only <hourglass.h> and its own headers")
        next
    }
    split(name, to, "/")
    if (name !~ /\//) bad("\"" name "\": say the room, as in \"base/base.h\"")
    else if (!(room in allowed)) bad("src/" room " is no room that tools/layers.sh knows")
    else if (index(allowed[room], " " to[1] " ") == 0) bad(room " may not include " to[1] ": \"" name "\"")
}
END { exit broken > 0 }
'
