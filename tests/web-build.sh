#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

# Installs the web client's packages when the lock file changed, then builds it.
# With arguments: runs those npm scripts instead of the build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../web-client"

command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer" >&2; exit 1; }

stamp=node_modules/.fiera-lock
if ! [ -f "$stamp" ] || ! cmp -s package-lock.json "$stamp"; then
    echo "    npm ci"
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json "$stamp"
fi

[ $# -gt 0 ] || set -- build
for script in "$@"; do
    echo "    npm run $script"
    npm run --silent "$script"
done
