#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# `make run`: a demo fair with somebody on air, and a link for each role. Ctrl-C ends everything it started.
# Needs FIERA and LOADTEST (the two programs) and PORT; other settings as environment variables of the server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export FIERA_DATA="${FIERA_DATA:-data/demo}"
event=demo
room=main
base="http://127.0.0.1:$PORT"
pids=()
stop() {
    trap - EXIT
    trap '' INT TERM
    # The speaker first, so that it can say goodbye to a server that still listens.
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
        kill -TERM "${pids[at]}" 2>/dev/null || true
        wait "${pids[at]}" 2>/dev/null || true
    done
    echo "The fair has ended."
}
trap stop EXIT
trap 'exit 0' INT TERM

mkdir -p "$FIERA_DATA"
FIERA_LISTEN="0.0.0.0:$PORT" FIERA_MEDIA_PORT="${FIERA_MEDIA_PORT:-$PORT}" "$FIERA" serve --demo &
pids+=($!)

ready() { curl -fsS -o /dev/null "$base/readyz" 2>/dev/null; }
for _ in $(seq 1 150); do
    if ready; then break; fi
    kill -0 "${pids[0]}" 2>/dev/null || { echo "The server did not start; its message is above." >&2; exit 1; }
    sleep 0.1
done
ready || { echo "The server is not ready after 15 s." >&2; exit 1; }

token="$("$FIERA" token --event "$event" --role speaker --name 'Demo speaker')"
"$LOADTEST" demo-speaker --server "$base" --event "$event" --room "$room" --token "$token" &
pids+=($!)

cat <<TEXT

  The demo fair is open at $base/e/$event and a clip is on air.
  The links above are for each role. Ctrl-C ends the fair.
  From another machine, cameras need HTTPS: see "HTTPS" in README.md.

TEXT
wait "${pids[0]}"
