#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# web/wasm/make.sh FILE: compile the checking of passes to WebAssembly (./dev web-wasm). clang 14 of Debian 12 makes the
# same bytes each time; tests/checks/wasm.py holds the file in the tree to them.
set -eu
cd "$(dirname "$0")/../.."
base='arena date_text fault instant json_reader json_writer logic_compile logic_date logic_explain logic_run memory
    nearest sink text text_number value'
credential='base45 base64 cbor check content cose credential device_read hc1 report revocation rules rules_check
    rules_text smart trust verdict'
sources=lib/date.c
for name in $base; do sources="$sources src/base/$name.c"; done
for name in $credential; do sources="$sources src/formats/credential/$name.c"; done
# shellcheck disable=SC2086 # one word a source
clang-14 --target=wasm32-wasi --sysroot=/usr -std=gnu17 -D_GNU_SOURCE -Os -flto -mexec-model=reactor \
    -Wall -Wextra -Werror -Wno-string-concatenation -include web/wasm/wasi.h -Isrc -Iinclude -Iweb/wasm \
    $sources web/wasm/pass.c web/wasm/sha256.c web/wasm/wasi.c \
    -Wl,--gc-sections,--strip-all,-z,stack-size=1048576 -o "$1"
