#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# `make bench`: one publisher and VIEWERS viewers on this machine. Server on one core, load generator on another where
# there are two. The last line is one JSON object. Needs FIERA and LOADTEST (the two programs).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

viewers="${VIEWERS:-100}"
seconds="${SECONDS_MEASURED:-20}"
port="${PORT:-18080}"
data="$(mktemp -d)"
pid=""
stop() {
    [ -z "$pid" ] || { kill -TERM "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; }
    rm -rf "$data"
}
trap stop EXIT

server_core=()
load_core=()
if [ "$(nproc)" -gt 1 ]; then
    server_core=(taskset -c 0)
    load_core=(taskset -c 1)
fi

"${server_core[@]}" "$FIERA" serve --demo --listen "127.0.0.1:$port" --media-port "$port" --advertise 127.0.0.1 --data "$data" \
    >"$data/server.log" 2>&1 &
pid=$!
for _ in $(seq 1 150); do
    if curl -fsS -o /dev/null "http://127.0.0.1:$port/readyz" 2>/dev/null; then break; fi
    kill -0 "$pid" 2>/dev/null || { cat "$data/server.log" >&2; exit 1; }
    sleep 0.1
done

mint() { "$FIERA" token --data "$data" --event demo --role "$1"; }
for mode in ${MODES:-whep ws}; do
    echo "==> $viewers viewers, $mode"
    FIERA_TOKEN_SPEAKER="$(mint speaker)" FIERA_TOKEN_ATTENDEE="$(mint attendee)" \
        "${load_core[@]}" "$LOADTEST" run --server "http://127.0.0.1:$port" --viewers "$viewers" --seconds "$seconds" \
        --server-pid "$pid" --mode "$mode" --require-delivered "${DELIVERED_MIN:-0.999}"
done
