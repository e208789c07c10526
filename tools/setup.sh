#!/bin/sh
# Sets up what the project needs beside Python and make, and only what a changed lock asks for.
set -eu

say() { printf '%s\n' "$*" >&2; }
fail() { say "memberday: $*"; exit 1; }
since() { echo "$(($(date +%s) - $1)) s"; }

case "$(uname -s)-$(uname -m)" in
Linux-x86_64 | Linux-aarch64 | Linux-arm64 | Darwin-x86_64 | Darwin-arm64) ;;
*) fail "this platform is not supported: $(uname -s) on $(uname -m); Linux and macOS on x86-64 and ARM64 are" ;;
esac

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if ! recent .venv/bin/python; then
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if recent "$candidate"; then found=$candidate && break; fi
    done
    [ -n "${found:-}" ] || fail "Python 3.11 or newer is needed; name one with: make ${1:-run} PYTHON=/path/to/python3"
    say "· virtual environment with $("$found" --version 2>&1)"
    rm -rf .venv
    "$found" -m venv .venv || fail "$found cannot make a virtual environment (on Debian: apt install python3-venv)"
fi

lock=requirements/dev.txt
if ! cmp -s "$lock" .venv/installed.txt; then
    say "· Python packages of $lock (about a minute the first time)"
    start=$(date +%s)
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-compile --no-deps --require-hashes \
        --requirement "$lock" || fail "the Python packages could not be installed"
    cp "$lock" .venv/installed.txt
    say "  $(since "$start")"
fi

lock=package-lock.json
if ! cmp -s "$lock" node_modules/installed.json; then
    say "· npm packages of $lock"
    start=$(date +%s)
    PATH="$PWD/.venv/bin:$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts ||
        fail "the npm packages could not be installed"
    cp "$lock" node_modules/installed.json
    say "  $(since "$start")"
fi

lock=requirements/runtime.txt
if ! cmp -s "$lock" .build/installed.txt; then
    say "· the functions' dependencies of $lock"
    start=$(date +%s)
    .venv/bin/python -m infra.bundle || fail "the functions' dependencies could not be installed"
    cp "$lock" .build/installed.txt
    say "  $(since "$start")"
fi
