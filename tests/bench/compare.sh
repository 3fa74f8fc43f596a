#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# `make bench-janus`: the same work done by Fiera and by Janus (Debian's package, VideoRoom) in one run, round by round,
# with the machine's floor; writes runs.jsonl, comparison.md and comparison.json to OUT (default: target/bench).
#
#   ROUNDS=5 VIEWERS=100      rounds of floor, Fiera, Janus as shipped, Janus with event_loops = 2; each round begins with
#                             another one of them
#   MORE_VIEWERS="200 300"    then one round with so many; a row of their own, Janus may collapse there
#   SECONDS_MEASURED=15       measured window of each run; RAMP_S=5 time over which viewers come
#   LINK=lo | veth            see below
# Needs FIERA and LOADTEST (the two programs), janus, iproute2, util-linux, curl; root or unprivileged user namespaces.
#
# Equal for all: publisher and viewers (the same program, the same packets, pace, feedback and SRTP profile: AES-128-GCM
# named first), one server process on core 0 and one generator on core 1, a fresh process for every run, the address the
# server is reached at, the link, the number of viewers, the time over which they come, the length of the window.
# Not equal:
#   - Janus has a thread per viewer (or 2 in all with event_loops), Fiera as many media threads as it starts by itself on
#     one core. Both are pinned to that core; where Janus could use two it does not get them, and neither does Fiera.
#   - Viewers join Fiera by WHEP (one request), Janus by its API (session, handle, join, event, start: five requests), as
#     each one's browser client does. No long poll stays open towards Janus afterwards, which spares it work: a keepalive
#     every 25 s instead. Join times hold those requests.
#   - Janus is a full ICE agent and checks every viewer itself. It sends no transport-wide numbers with audio.
#   - Janus drops a DTLS hello that comes before its own checks have settled; it gets one 50 ms after it nominated, when a
#     browser would repeat it. Fiera takes it at once. This concerns join times alone.
# Janus runs with its logs off and with all plugins that the package brings; its settings are Debian's (janus/*.jcfg).
# Fiera runs with its defaults. Nothing is tuned for one of them alone.
#
# Everything happens in network namespaces of this script's own that vanish with it. `lo`: server and viewers in one
# of them; the server has a non-loopback address (Janus names no other), traffic to it stays on `lo`. `veth`: server and
# viewers in two namespaces with a veth pair between them, MTU 1500; the floor is measured on loopback there too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

need() { command -v "$1" >/dev/null || { echo "bench-janus: $1 is missing; on Debian: apt-get install $2" >&2; exit 1; }; }
need janus janus
need ip iproute2
need unshare util-linux
need curl curl
for program in "${FIERA:?}" "${LOADTEST:?}"; do
    [ -x "$program" ] || { echo "bench-janus: $program is not there; run 'make build'" >&2; exit 1; }
done

if [ -z "${BENCH_NAMESPACE:-}" ]; then
    enter=(unshare --net)
    [ "$(id -u)" = 0 ] || enter=(unshare --user --map-root-user --net)
    BENCH_NAMESPACE=1 exec "${enter[@]}" bash tests/bench/compare.sh
fi

rounds="${ROUNDS:-5}"
viewers="${VIEWERS:-100}"
more="${MORE_VIEWERS-200 300}"
seconds="${SECONDS_MEASURED:-15}"
ramp="${RAMP_S:-5}"
link="${LINK:-lo}"
out="${OUT:-target/bench}"
address=10.77.0.1
block=10.78.0.0
port=18080
mkdir -p "$out"
runs="$out/runs.jsonl"
work="$(mktemp -d -p "$out" work.XXXXXX)"

server=""
generator=""
beyond=""
end() { # pid
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || return 0
    for _ in $(seq 1 100); do kill -0 "$1" 2>/dev/null || break; sleep 0.05; done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
stop_server() { end "$server"; server=""; }
finish() {
    end "$generator"
    stop_server
    end "$beyond"
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

ip link set lo up
# Commands of the viewers' side.
there=()
case "$link" in
    lo)
        ip link add server type veth peer name unused
        ip link set unused up
        ;;
    veth)
        unshare --net sleep infinity &
        beyond=$!
        # The new namespace is there once it is another than ours.
        until [ "$(readlink "/proc/$beyond/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
        there=(nsenter --target "$beyond" --net)
        ip link add server mtu 1500 type veth peer name viewers mtu 1500 netns "$beyond"
        "${there[@]}" ip link set lo up
        "${there[@]}" ip addr add 10.77.0.2/24 dev viewers
        "${there[@]}" ip link set viewers up
        "${there[@]}" ip route add local "$block/16" dev lo
        ;;
    *) echo "bench-janus: LINK is lo or veth" >&2; exit 1 ;;
esac
ip addr add "$address/24" dev server
ip link set server up
ip route add default dev server
# Janus binds its sockets to the interface: the viewers must be behind that one in both cases.
if [ "$link" = veth ]; then ip route add "$block/16" via 10.77.0.2; else ip route add local "$block/16" dev server; fi

server_core=()
load_core=()
if [ "$(nproc)" -gt 1 ]; then
    server_core=(taskset -c 0)
    load_core=(taskset -c 1)
fi
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

await() { # URL
    for _ in $(seq 1 600); do
        if curl -fsS -o /dev/null --max-time 2 "$1" 2>/dev/null; then return; fi
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

# Each of these starts its server, loads it, and leaves the result's line of JSON in $work/outcome.
load() { # arguments of fiera-loadtest
    "${there[@]}" "${load_core[@]}" "$LOADTEST" "$@" --server-pid "$server" --viewers "$n" --seconds "$seconds" \
        --ramp-s "$ramp" --link "$link" --viewer-block "$block" >"$work/report" 2>"$work/errors" &
    generator=$!
    local status=0
    wait "$generator" || status=$?
    generator=""
    tail -n 1 "$work/report" >"$work/outcome"
    return "$status"
}

run_floor() {
    "${load_core[@]}" "$LOADTEST" floor --viewers "$n" >"$work/outcome" 2>"$work/errors"
}

run_fiera() {
    local data="$work/data" speaker attendee
    rm -rf "$data"
    "${server_core[@]}" "$FIERA" serve --demo --listen "$address:$port" --media-port "$port" --advertise "$address" \
        --data "$data" >"$work/server.log" 2>&1 &
    server=$!
    await "http://$address:$port/readyz" || { echo "Fiera does not start" >"$work/errors"; return 1; }
    speaker="$("$FIERA" token --data "$data" --event demo --role speaker)"
    attendee="$("$FIERA" token --data "$data" --event demo --role attendee)"
    FIERA_TOKEN_SPEAKER="$speaker" FIERA_TOKEN_ATTENDEE="$attendee" load run --server "http://$address:$port" --mode whep
}

run_janus() { # number of event loops; 0: as shipped
    local folder="$work/janus" line=""
    [ "$1" = 0 ] || line="event_loops = $1"
    mkdir -p "$folder"
    for file in tests/bench/janus/*.jcfg; do
        sed -e "s/^\(\s*\)@EVENT_LOOPS@/\1$line/" -e "s/@ADDRESS@/$address/" "$file" >"$folder/$(basename "$file")"
    done
    "${server_core[@]}" janus --config="$folder/janus.jcfg" --configs-folder="$folder" >"$work/server.log" 2>&1 &
    server=$!
    await "http://$address:8088/janus/info" || { echo "Janus does not start" >"$work/errors"; return 1; }
    load janus --server "http://$address:8088/janus" --event-loops "$1"
}

# The last line of what went wrong; progress comes before it.
reason() { tr '\r' '\n' <"$work/errors" | grep -v '^$' | tail -n 1 | escape; }
escape() { tr -d '\000-\037' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | cut -c 1-300; }

one() { # system
    local status=0
    : >"$work/errors"
    case "$1" in
        floor) run_floor || status=$? ;;
        fiera) run_fiera || status=$? ;;
        janus) run_janus 0 || status=$? ;;
        "janus, event_loops = 2") run_janus 2 || status=$? ;;
    esac
    stop_server
    local head
    head="$(printf '"system":"%s","round":%d,"viewers":%d' "$1" "$round" "$n")"
    if [ "$status" = 0 ]; then
        printf '{%s,"outcome":%s}\n' "$head" "$(cat "$work/outcome")" >>"$runs"
        printf '    %-24s %s\n' "$1" "$(grep -E 'server CPU|us per packet' "$work/report" 2>/dev/null | head -n 1 || true)"
    else
        printf '{%s,"error":"%s"}\n' "$head" "$(reason)" >>"$runs"
        printf '    %-24s failed: %s\n' "$1" "$(reason)"
    fi
    rm -f "$work/report"
}

systems=(floor fiera janus "janus, event_loops = 2")
cpu="$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)"
version="$(janus --version 2>/dev/null | sed -n 's/^Janus version: //p' || true)"
[ -n "$version" ] || version="$(dpkg-query -W -f '${Version}' janus 2>/dev/null || echo unknown)"
printf '{"machine":{"processor":"%s, %d cores","kernel":"%s","link":"%s","janus":"%s","measured window, s":%s,"date":"%s"}}\n' \
    "$(escape <<<"$cpu")" "$(nproc)" "$(uname -r)" "$link" "$(escape <<<"$version")" "$seconds" "$(date -u +%F)" >"$runs"

n="$viewers"
for round in $(seq 1 "$rounds"); do
    echo "==> round $round of $rounds, $n viewers, $link"
    for i in 0 1 2 3; do one "${systems[(round - 1 + i) % 4]}"; done
done
round=1
for n in $more; do
    echo "==> $n viewers, $link"
    for system in "${systems[@]}"; do one "$system"; done
done
"$LOADTEST" compare "$runs" --markdown "$out/comparison.md" --json "$out/comparison.json"
echo "==> $out/comparison.md, $out/comparison.json"
