#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# `make run`: a demo fair with somebody on air, and a link for each role. Ctrl-C ends everything it started.
# Needs FIERA, LOADTEST (the two programs), PORT and EVENT.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data="${FIERA_DATA:-data/demo}"
base="http://127.0.0.1:$PORT"
pids=()
stop() {
    trap - EXIT INT TERM
    for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    echo "stopped"
}
trap stop EXIT
trap 'exit 0' INT TERM

mkdir -p "$data"
"$FIERA" serve --demo --listen "0.0.0.0:$PORT" --data "$data" &
pids+=($!)

for _ in $(seq 1 100); do
    if curl -fsS -o /dev/null "$base/readyz" 2>/dev/null; then break; fi
    kill -0 "${pids[0]}" 2>/dev/null || { echo "the server did not start; its message is above" >&2; exit 1; }
    sleep 0.1
done
curl -fsS -o /dev/null "$base/readyz" || { echo "the server is not ready after 10 s" >&2; exit 1; }

mint() { "$FIERA" token --data "$data" --event "$EVENT" --role "$1" --name "$2"; }
"$LOADTEST" demo-speaker --server "$base" --event "$EVENT" --token "$(mint speaker 'Demo speaker')" &
pids+=($!)

cat <<TEXT

  The demo fair is open, and somebody is on air.

  attendee    $base/e/$EVENT
  speaker     $base/e/$EVENT#token=$(mint speaker 'A speaker')
  moderator   $base/e/$EVENT#token=$(mint moderator 'A moderator')
  organiser   $base/e/$EVENT#token=$(mint organiser 'An organiser')

  From another machine, cameras need https: see "TLS" in README.md.   Ctrl-C ends the fair.

TEXT
wait "${pids[0]}"
