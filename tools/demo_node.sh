#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A node with an invented county and some weeks of invented cases, watched for what is unusual: demo_node.sh TOCSIN NODE DATA [TODAY [DATABASE]]
# NODE is made, DATA takes the files that it is made from.
set -euo pipefail
tocsin=$1 node=$2 data=$3 today=${4:-$(date +%F)} database=${5:-}
mkdir -p "$data"
"$tocsin" node init ${database:+--database "$database"} "$node" >"$data/log"
printf '\ndemo = yes\npublic_reports = yes\n' >>"$node/tocsin.conf"
"$tocsin" county --out "$data/county" >>"$data/log"
"$tocsin" area import --node "$node" --shapes "$data/county/outlines.geojson" \
    --population "$data/county/population.csv" "$data/county/areas.csv" >>"$data/log"
"$tocsin" area list "$data/county/areas.csv" >"$data/areas.csv"
python3 "$(dirname "$0")/invented_cases.py" "$data/areas.csv" "$data" "$today"
for record in person case stream; do
    "$tocsin" record create --node "$node" --file "$data/${record}s.csv" $record >>"$data/log"
done
"$tocsin" watch run --node "$node" --today "$today" >>"$data/log" 2>&1
