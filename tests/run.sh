#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# `make test`: everything, in the order in which a failure is cheapest to learn. Goes on after a failure and closes
# with one line that adds all runners up. One build profile (dev) serves the unit tests and the browser tests.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export FIERA_CACHE="${FIERA_CACHE:-$HOME/.cache/fiera}"
out="${CARGO_TARGET_DIR:-target}"
logs="$out/test-logs"
mkdir -p "$logs"
[ -t 1 ] || export NO_COLOR=1

passed=0
failed=0
broken=()
# Of each broken step: its counter and its log.
told=()
started=$SECONDS

say() { printf '==> %s  [%dm%02ds]\n' "$1" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)); }

# Last number before or after a word in a log, 0 without one.
number() { grep -oE "$1" "$2" | grep -oE '[0-9]+' | paste -sd+ - | sed 's/^$/0/' | bc_sum; }
bc_sum() { read -r sum || sum=0; echo $((sum)); }

# step NAME COUNTER COMMAND...: runs it, shows it, counts it. COUNTER: cargo, nextest, vitest, node or one.
step() {
    local name="$1" counter="$2" log ok=0 p=0 f=0
    shift 2
    log="$logs/$(tr -cs 'a-z0-9\n' - <<<"${name,,}").log"
    say "$name"
    "$@" 2>&1 | tee "$log"
    [ "${PIPESTATUS[0]}" = 0 ] && ok=1
    sed -i 's/\x1b\[[0-9;]*m//g' "$log"
    case "$counter" in
        nextest)
            p=$(number '[0-9]+ passed' <(grep -E '^ *Summary' "$log"))
            f=$(number '[0-9]+ (failed|timed out)' <(grep -E '^ *Summary' "$log")) ;;
        cargo)
            p=$(number '[0-9]+ passed' <(grep '^test result:' "$log"))
            f=$(number '[0-9]+ failed' <(grep '^test result:' "$log")) ;;
        vitest)
            p=$(number '[0-9]+ passed' <(grep -E '^ *Tests ' "$log"))
            f=$(number '[0-9]+ failed' <(grep -E '^ *Tests ' "$log")) ;;
        node)
            p=$(number '^(#|ℹ) pass [0-9]+' "$log")
            f=$(number '^(#|ℹ) fail [0-9]+' "$log") ;;
        one)
            if [ $ok = 1 ]; then p=1; fi ;;
    esac
    # A runner that broke without counting a failure is itself one.
    if [ $ok = 0 ]; then
        [ "$f" -gt 0 ] || f=1
        broken+=("$name")
        told+=("$counter $log")
    fi
    passed=$((passed + p))
    failed=$((failed + f))
    [ $ok = 1 ]
}

# failures COUNTER LOG: what failed in a step, a line each with the first line of its message, so that the end of a log
# tells everything.
failures() {
    local lines
    case "$1" in
        node)
            lines=$(awk '
                /^✖ failing tests:/ { on = 1; next }
                on && /^test at / { at = $3 }
                on && /^✖ / { name = $0; sub(/^✖ /, "", name); sub(/ \([0-9.]+ms\)$/, "", name); getline; sub(/^ +/, ""); print at " " name ": " $0 }
            ' "$2") ;;
        nextest | cargo | vitest)
            lines=$(awk -v runner="$1" '
                function found(it) { name = it; if (!(it in says)) { all[++count] = it; says[it] = "" } }
                runner == "nextest" && /^ *(FAIL|TIMEOUT|ABORT|SIG[A-Z]+) +\[/ { sub(/^[^]]*\] */, ""); sub(/^\([^)]*\) */, ""); found($0); next }
                runner == "cargo" && /^---- .* stdout ----$/ { found($2); next }
                runner == "vitest" && /^ *FAIL / { sub(/^ *FAIL +/, ""); found($0); getline; says[name] = $0; next }
                /panicked at/ && name != "" && says[name] == "" { getline; sub(/^ +/, ""); says[name] = $0 }
                END { for (i = 1; i <= count; i += 1) print all[i] (says[all[i]] == "" ? "" : ": " says[all[i]]) }
            ' "$2") ;;
    esac
    # What has no tests has a compiler's or a program's own words.
    [ -n "${lines:-}" ] || lines=$(grep -E '^ *[^ ]*error|[Ee]rror( TS[0-9]+)?:' "$2" | head -n 5)
    [ -n "$lines" ] || lines=$(grep -v '^ *$' "$2" | tail -n 3)
    cut -c1-300 <<<"$lines" | head -n 20 | sed 's/^/    /'
}

finish() {
    say "done"
    for i in "${!broken[@]}"; do
        echo "failed: ${broken[$i]}"
        failures "${told[$i]%% *}" "${told[$i]#* }"
    done
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}

step "what the tests need" none bash tests/setup.sh || finish
step "web client: build" none bash tests/web-build.sh build || finish
step "web client: types" one bash tests/web-build.sh check
step "web client: unit tests" vitest bash tests/web-build.sh test
step "web client: sizes" one bash tests/web-build.sh check:size
step "web client: states" one bash tests/web-build.sh check:states

if step "Rust: build" none cargo build --workspace --bins --tests; then
    if command -v cargo-nextest >/dev/null; then
        step "Rust: tests" nextest cargo nextest run --workspace --no-fail-fast --status-level slow --final-status-level fail
    else
        step "Rust: tests" cargo cargo test --workspace --no-fail-fast --bins --lib --tests
    fi
    FIERA="$out/debug/fiera" LOADTEST="$out/debug/fiera-loadtest" \
        step "a client from the specification alone" node "$FIERA_CACHE/python/bin/python" tests/spec-client/run.py
    FIERA="$out/debug/fiera" LOADTEST="$out/debug/fiera-loadtest" \
        step "real browsers" node bash -c 'cd tests/browser && npm test --silent'
fi
finish
