#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# `make bench`: figures of this machine, each part ends with one line of JSON. Server on one core, load generator on
# another where there are two. Needs FIERA and LOADTEST (the two programs).
#   media      one publisher and VIEWERS viewers, by WHEP and by rack
#   audience   SOCKETS sockets with votes, chat and upvotes; memory per idle socket; kill -9, restart and everybody back
#   breakouts  PEOPLE (300) into ROOMS (40) and back, each listening for the sound of their own room and of any other
#   idle       SOCKETS_IDLE sockets that only stay: memory of each (an event has room for 10,000 people)
#   scenarios  those of SCENARIOS, a server each; report with plots in REPORTS (default: BENCH_DIR/reports)
# PARTS="media audience breakouts" says which. LINK=lo goes over loopback, LINK=veth over a pair of virtual network cards with MTU
# 1500, the server in a network namespace of its own (needs root). Every accepted vote waits for the disk, so the data folder
# is in BENCH_DIR (default: target), not in a /tmp that may be memory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

viewers="${VIEWERS:-100}"
sockets="${SOCKETS:-1000}"
sockets_idle="${SOCKETS_IDLE:-9990}"
seconds="${SECONDS_MEASURED:-20}"
port="${PORT:-18080}"
link="${LINK:-lo}"
case "$link" in
    lo) address=127.0.0.1 ;;
    veth) address=10.199.0.1 ;;
    *) echo "LINK is $link: it must be lo or veth." >&2; exit 1 ;;
esac
base="http://$address:$port"
folder="${BENCH_DIR:-target}"
mkdir -p "$folder"
data="$(mktemp -d -p "$folder" bench.XXXXXX)"
case "$(stat -f -c %T "$data")" in
    tmpfs | ramfs) echo "==> $folder is in memory: commands are accepted sooner than on a disk; set BENCH_DIR" >&2 ;;
esac
pid=""
load_pid=""
stop() {
    [ -z "$load_pid" ] || kill -TERM "$load_pid" 2>/dev/null || true
    [ -z "$pid" ] || { kill -TERM "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; }
    [ -z "$namespace" ] || ip netns del "$namespace" 2>/dev/null || true
    rm -rf "$data"
}
namespace=""
trap stop EXIT

in_namespace=()
viewers_at=(--link "$link")
# The server gets a namespace with one end of the pair; 10.200.0.0/16, where the viewers sit, is all at the other end.
if [ "$link" = veth ]; then
    [ "$(id -u)" = 0 ] || { echo "LINK=veth needs root, for a network namespace." >&2; exit 1; }
    namespace="fiera-bench-$$"
    end="fb$$"
    ip netns add "$namespace"
    ip link add "$end" mtu 1500 type veth peer name eth0 mtu 1500 netns "$namespace"
    ip addr add 10.199.0.2/30 dev "$end"
    ip link set "$end" up
    ip route add local 10.200.0.0/16 dev "$end"
    ip -n "$namespace" link set lo up
    ip -n "$namespace" addr add 10.199.0.1/30 dev eth0
    ip -n "$namespace" link set eth0 up
    ip -n "$namespace" route add 10.200.0.0/16 via 10.199.0.2
    # Runs are cut into packets of the MTU before they cross, as on a card that cannot do it.
    if command -v ethtool >/dev/null; then
        ip netns exec "$namespace" ethtool -K eth0 tx-udp-segmentation off >/dev/null 2>&1 || true
    fi
    in_namespace=(ip netns exec "$namespace")
    viewers_at+=(--viewer-block 10.200.0.0)
fi

server_core=()
load_core=()
if [ "$(nproc)" -gt 1 ]; then
    server_core=(taskset -c 0)
    load_core=(taskset -c 1)
fi
# Both sides hold a descriptor per socket.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

start() {
    "${in_namespace[@]}" "${server_core[@]}" "$FIERA" serve --demo --listen "$address:$port" --media-port "$port" \
        --advertise "$address" \
        --data "$data" >>"$data/server.log" 2>&1 &
    pid=$!
    for _ in $(seq 1 300); do
        if curl -fsS -o /dev/null "$base/readyz" 2>/dev/null; then return; fi
        kill -0 "$pid" 2>/dev/null || { cat "$data/server.log" >&2; exit 1; }
        sleep 0.05
    done
    echo "The server is not ready after 15 s." >&2
    exit 1
}

halt() {
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    pid=""
}

mint() { "$FIERA" token --data "$data" --event "${2:-demo}" --role "$1"; }

media() {
    for mode in ${MODES:-whep ws}; do
        echo "==> $viewers viewers, $mode"
        FIERA_TOKEN_SPEAKER="$(mint speaker)" FIERA_TOKEN_ATTENDEE="$(mint attendee)" \
            "${load_core[@]}" "$LOADTEST" run --server "$base" --viewers "$viewers" --seconds "$seconds" \
            --server-pid "$pid" --mode "$mode" --sample "${SAMPLE:-20}" "${viewers_at[@]}" \
            --require-delivered "${DELIVERED_MIN:-0.999}"
    done
}

# So many tokens of different speakers.
speakers() {
    for n in $(seq 1 "$1"); do
        "$FIERA" token --data "$data" --event bench --role speaker --name "Speaker $n"
    done | paste -sd,
}

# A fair with a stage and 40 rooms in which everybody may publish.
fair() {
    cat <<'END'
id = "bench"
phase = "live"
title = "Bench"
organiser = "Bench"
starts = "2027-03-20T09:00:00+01:00"
ends = "2027-03-20T18:00:00+01:00"

[[room]]
id = "main"
kind = "stage"
title = "Stage"
whip-on-air-at-once = true
END
    for n in $(seq 1 40); do
        printf '\n[[room]]\nid = "r%s"\nkind = "breakout"\ntitle = "Room %s"\nwhip-on-air-at-once = true\n' "$n" "$n"
    done
}

# A fresh server for each, so that memory is its own.
scenarios() {
    local reports="${REPORTS:-$folder/reports}" name rooms
    mkdir -p "$reports"
    halt
    fair >"$data/bench.toml"
    "$FIERA" event import --data "$data" "$data/bench.toml" >/dev/null
    for name in ${SCENARIOS:-webinar-1000 join-burst meeting-40x8 speaker-change bad-networks table}; do
        echo "==> scenario $name over $link"
        start
        rooms=main
        [ "$name" != meeting-40x8 ] || rooms='r{1-40}'
        FIERA_TOKEN_SPEAKER="$(speakers 8)" FIERA_TOKEN_ATTENDEE="$(mint attendee bench)" \
            "${load_core[@]}" "$LOADTEST" scenario "$name" --server "$base" --event bench --rooms "$rooms" \
            --server-pid "$pid" "${viewers_at[@]}" --html "$reports/$name-$link.html" | tee "$reports/$name-$link.txt"
        halt
    done
    echo "==> reports with plots: $reports"
    start
}

# An event whose one room is a stage with room for so many: `one_stage EVENT CAPACITY`. By way of a file, since who stops
# reading a pipe early ends who writes it.
one_stage() {
    fair >"$data/fair.toml"
    sed "/^id = \"r1\"\$/Q; s/^id = \"bench\"\$/id = \"$1\"/; s/^title = \"Stage\"\$/&\ncapacity = $2/" "$data/fair.toml" |
        sed '$d' >"$data/stage.toml"
    "$FIERA" event import --data "$data" "$data/stage.toml" >/dev/null
}

# 300 people into 40 rooms and back, on a server of its own whose one room is a stage.
breakouts() {
    local out="$data/breakouts.log" done=0 json
    echo "==> ${PEOPLE:-300} people into ${ROOMS:-40} breakout rooms and back"
    halt
    one_stage rounds 5000
    start
    FIERA_TOKEN_ATTENDEE="$(mint attendee rounds)" FIERA_TOKEN_SPEAKER="$(mint speaker rounds)" \
        FIERA_TOKEN_ORGANISER="$(mint organiser rounds)" \
        "${load_core[@]}" "$LOADTEST" breakouts --server "$base" --event rounds --room main --server-pid "$pid" \
        --people "${PEOPLE:-300}" --rooms "${ROOMS:-40}" >"$out" || done=$?
    json="$(tail -n 1 "$out")"
    goal "everybody hears their own room, since the click" "$(figure "$json" sent_all_s)" s 10
    goal "everybody hears the stage again, since the grace is over" "$(figure "$json" back_all_s)" s 10
    goal "packets of a room in which the hearer was not" "$(figure "$json" astray)" "" 1
    printf '%s\n' "$json"
    return "$done"
}

# A number of the result: `figure JSON name` or `figure JSON group name`.
figure() {
    if [ $# -eq 3 ]; then
        sed -n "s/.*\"$2\":{[^}]*\"$3\":\([0-9.]*\).*/\1/p" <<<"$1"
    else
        sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p" <<<"$1"
    fi
}

# A missing figure is a missed goal.
goal() { # what, figure, unit, goal
    local met
    met="$(awk -v is="$2" -v most="$4" 'BEGIN { print (is != "" && is + 0 < most) ? "met" : "MISSED" }')"
    printf '    %-58s %10.1f %-3s goal < %-6s %s\n' "$1" "${2:-0}" "$3" "$4" "$met"
}

audience() {
    echo "==> $sockets sockets: 500 votes/s, 20 messages/s, 50 upvotes/s; then kill -9 and restart"
    local out="$data/audience.log"
    : >"$out"
    FIERA_TOKEN_ATTENDEE="$(mint attendee)" FIERA_TOKEN_MODERATOR="$(mint moderator)" \
        "${load_core[@]}" "$LOADTEST" audience --server "$base" --sockets "$sockets" --seconds "$seconds" \
        --server-pid "$pid" --await-restart-s 60 >"$out" &
    load_pid=$!
    until grep -q '^audience: ready for a restart' "$out"; do
        kill -0 "$load_pid" 2>/dev/null || break
        sleep 0.05
    done
    if kill -0 "$load_pid" 2>/dev/null; then
        kill -KILL "$pid"
        wait "$pid" 2>/dev/null || true
        start
    fi
    local done=0 json
    wait "$load_pid" || done=$?
    load_pid=""
    json="$(tail -n 1 "$out")"
    goal "vote accepted (durable), p99" "$(figure "$json" vote_accepted p99_ms)" ms 150
    goal "upvote accepted (durable), p99" "$(figure "$json" upvote_accepted p99_ms)" ms 150
    goal "message on everyone's screen, p99 of all sockets" "$(figure "$json" chat_shown p99_ms)" ms 100
    goal "message on the last screen, p99 of all messages" "$(figure "$json" chat_shown_to_all p99_ms)" ms 150
    goal "vote in everyone's number (gathered for 500 ms), p99" "$(figure "$json" vote_shown p99_ms)" ms 650
    goal "memory per idle socket" "$(figure "$json" idle_kb_per_socket)" kB 40
    goal "all back after kill -9, since the server is up again" "$(figure "$json" restart_all_back_since_up_s)" s 10
    goal "accepted and lost, or doubled" "$(($(figure "$json" lost) + $(figure "$json" doubled) + $(figure "$json" restart_facts_lost) + $(figure "$json" restart_facts_doubled)))" "" 1
    goal "lag of the load generator itself, p99" "$(figure "$json" generator_lag p99_ms)" ms 20
    printf '%s\n' "$json"
    return "$done"
}

idle() {
    echo "==> $sockets_idle sockets that only stay"
    local json
    halt
    one_stage crowd 10000
    start
    json="$(FIERA_TOKEN_ATTENDEE="$(mint attendee crowd)" FIERA_TOKEN_MODERATOR="$(mint moderator crowd)" \
        "${load_core[@]}" "$LOADTEST" audience --server "$base" --event crowd --room main --sockets "$sockets_idle" --seconds 1 --ramp-s 60 \
        --votes-per-s 0 --chat-per-s 0 --upvotes-per-s 0 --server-pid "$pid" | tail -n 1)"
    goal "sockets that did not get in" "$((sockets_idle - $(figure "$json" seated)))" "" 1
    goal "memory per idle socket" "$(figure "$json" idle_kb_per_socket)" kB 40
    printf '%s\n' "$json"
}

start
for part in ${PARTS:-media audience breakouts}; do "$part"; done
