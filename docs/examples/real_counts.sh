#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes counts files for Tocsin from the text data of Debian's r-cran-surveillance, without R.
#
# usage: real_counts.sh FOLDER
#   FOLDER/agona.csv       Salmonella Agona, United Kingdom, weeks of 1990 to 1995 (Farrington et al. 1996)
#   FOLDER/influenza.csv   influenza in 140 districts of southern Germany, weeks of 2001 to 2008 (Robert Koch Institute)
# Fails where the package is neither installed nor to be had by apt.
set -euo pipefail
folder=$1
data=/usr/lib/R/site-library/surveillance/extdata
mkdir -p "$folder"

if [ ! -d "$data" ]; then
    data=$(realpath "$folder")/package$data
    if [ ! -d "$data" ]; then
        echo "Fetching the package r-cran-surveillance for its data"
        work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        (cd "$work" && { apt-get -q download r-cran-surveillance || { apt-get -q update && apt-get -q download r-cran-surveillance; }; }) >/dev/null 2>&1
        dpkg-deb -x "$work"/r-cran-surveillance_*.deb "$folder/package"
    fi
fi

# "199001  1  0": year and week, count, whether experts saw an outbreak.
awk 'BEGIN { print "date,count" }
     NR > 1 { printf "%s-W%s,%d\n", substr($1, 1, 4), substr($1, 5, 2), $2 }' "$data/salmonella.agona.txt" >"$folder/agona.csv"

# A line of districts, then a line a week: its number (52 a year) and a count a district. Names are in another file.
awk 'BEGIN { print "date,count,series" }
     { gsub(/\r/, "") }
     FNR == NR { split($0, text, "\""); code = $0; sub(/^"[^"]*" */, "", code); sub(/ .*/, "", code); name[code] = text[2]; next }
     FNR == 1 { districts = NF; for (i = 1; i <= NF; i++) { gsub(/"/, "", $i); district[i] = name[$i] }; next }
     { for (i = 1; i <= districts; i++) count[i, FNR - 1] = $(i + 1); weeks = FNR - 1 }
     END { for (i = 1; i <= districts; i++) for (w = 0; w < weeks; w++)
               printf "%d-W%02d,%d,%s\n", 2001 + int(w / 52), w % 52 + 1, count[i, w + 1], district[i] }' \
    "$data/population_2001-12-31_BYBW.txt" "$data/counts_flu_BYBW.txt" >"$folder/influenza.csv"
