#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# `make run`: the demo fair with somebody on air and a crowd of bots in the room. Ctrl-C ends everything it started.
# Needs FIERA and LOADTEST (the two programs) and PORT. CROWD is the number of bots (0: nobody), FAIR the event's file;
# other settings as environment variables of the server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export FIERA_DATA="${FIERA_DATA:-data/demo}"
crowd="${CROWD:-60}"
fair="${FAIR:-server/app/demo.toml}"
event=demo
room=main
base="http://127.0.0.1:$PORT"
pids=()
stop() {
    trap - EXIT
    trap '' INT TERM
    # Bots and speaker first, so that they can say goodbye to a server that still listens.
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
        kill -TERM "${pids[at]}" 2>/dev/null || true
        wait "${pids[at]}" 2>/dev/null || true
    done
    echo "The fair has ended."
}
trap stop EXIT
trap 'exit 0' INT TERM

mkdir -p "$FIERA_DATA"
"$FIERA" event import "$fair"
FIERA_LISTEN="0.0.0.0:$PORT" FIERA_MEDIA_PORT="${FIERA_MEDIA_PORT:-$PORT}" "$FIERA" serve --demo &
pids+=($!)

ready() { curl -fsS -o /dev/null "$base/readyz" 2>/dev/null; }
for _ in $(seq 1 150); do
    if ready; then break; fi
    kill -0 "${pids[0]}" 2>/dev/null || { echo "The server did not start; its message is above." >&2; exit 1; }
    sleep 0.1
done
ready || { echo "The server is not ready after 15 s." >&2; exit 1; }

mint() { "$FIERA" token --event "$event" --role "$1" --name "$2"; }
FIERA_TOKEN_SPEAKER="$(mint speaker 'Demo speaker')" \
    "$LOADTEST" demo-speaker --server "$base" --event "$event" --room "$room" &
pids+=($!)

people="A clip is on air; CROWD=60 brings people."
if [ "$crowd" -gt 0 ]; then
    FIERA_TOKEN_ATTENDEE="$(mint attendee 'Bot')" FIERA_TOKEN_MODERATOR="$(mint moderator 'Bot regia')" \
        "$LOADTEST" crowd --server "$base" --event "$event" --room "$room" --bots "$crowd" \
        >"$FIERA_DATA/crowd.log" 2>&1 &
    pids+=($!)
    people="A clip is on air, and $crowd bots come in: all are called \"Bot\" and a name. CROWD=0 leaves them out; they report to
  $FIERA_DATA/crowd.log"
fi

# What happened in an earlier demo is still there, its end too.
if curl -fsS "$base/api/v1/events/$event" | grep -q '"phase":"ended"'; then
    people="This fair has ENDED in an earlier demo. Remove $FIERA_DATA to begin a new one."
fi

cat <<TEXT

  $people
  The links above are for each role. Ctrl-C ends the fair; what was asked and voted is there again next time.
  From another machine, cameras need HTTPS: see "HTTPS" in README.md.

TEXT
code=0
wait "${pids[0]}" || code=$?
if [ "$code" -eq 137 ]; then
    echo "The server was killed. Start it again: everybody comes back, and so does everything that was said."
    exit 0
fi
exit "$code"
