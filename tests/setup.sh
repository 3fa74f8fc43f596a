#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# What the tests need besides Rust and Node: two browsers, and Python programs in an environment of their own.
# As root on Debian it installs what is missing; otherwise it says what to install and fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache="${FIERA_CACHE:-$HOME/.cache/fiera}"

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need chromium chromium
need firefox-esr firefox-esr
need curl curl
need git git
need ip iproute2
need unshare util-linux
need python3 python3
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
compgen -G '/usr/share/fonts/truetype/*/*.ttf' >/dev/null || missing+=(fonts-dejavu-core)

if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "    apt-get install ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq -o DPkg::Lock::Timeout=300 update
        apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" >/dev/null
    else
        echo "missing: ${missing[*]}" >&2
        echo "On Debian: sudo apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi

command -v cargo >/dev/null || { echo "missing: Rust 1.95 or newer (cargo)" >&2; exit 1; }
node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null ||
    { echo "missing: Node.js 20 or newer" >&2; exit 1; }

venv="$cache/python"
if ! cmp -s tests/browser/requirements.txt "$venv/installed.txt" 2>/dev/null; then
    echo "    pip install (aiortc, imageio-ffmpeg) into the cache"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/browser/requirements.txt
    cp tests/browser/requirements.txt "$venv/installed.txt"
fi

cd tests/browser
if ! cmp -s package-lock.json node_modules/.fiera-lock 2>/dev/null; then
    echo "    npm ci (tests/browser)"
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.fiera-lock
fi
