#!/bin/sh
# Sets up what a target of the Makefile needs beside Python and make, and only what a changed lock asks for.
# sh tools/setup.sh [TARGET [OPTION...]]
set -eu

say() { printf '%s\n' "$*" >&2; }
fail() { say "memberday: $*"; exit 1; }
since() { echo "$(($(date +%s) - $1)) s"; }

case "$(uname -s)-$(uname -m)" in
Linux-x86_64 | Linux-aarch64 | Linux-arm64 | Darwin-x86_64 | Darwin-arm64) ;;
*) fail "this platform is not supported: $(uname -s) on $(uname -m); Linux and macOS on x86-64 and ARM64 are" ;;
esac

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# What the packages of a lock are there for is told by a copy of it; dev.txt has all of them.
here() { cmp -s "requirements/$1.txt" ".venv/installed/$1.txt"; }

python_packages() {
    if here "$1" || here dev; then return; fi
    say "· Python packages of requirements/$1.txt"
    start=$(date +%s)
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-compile --no-deps --require-hashes \
        --requirement "requirements/$1.txt" || fail "the Python packages could not be installed"
    mkdir -p .venv/installed
    cp "requirements/$1.txt" .venv/installed/
    say "  $(since "$start")"
}

# npm_packages [FOLDER]
npm_packages() {
    folder=${1:-.}
    if cmp -s "$folder/package-lock.json" "$folder/node_modules/installed.json"; then return; fi
    say "· npm packages of ${1:+$1/}package-lock.json"
    start=$(date +%s)
    (cd "$folder" && PATH="$OLDPWD/.venv/bin:$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts) ||
        fail "the npm packages could not be installed"
    cp "$folder/package-lock.json" "$folder/node_modules/installed.json"
    say "  $(since "$start")"
}

the_cdk() {
    python_packages cdk
    npm_packages
}

# Stacks that are kept need no CDK, as long as nothing has changed that they follow from.
the_cloud() {
    python_packages local
    if ! here cdk && ! here dev && ! .venv/bin/python -m local.prepared; then
        say "  the infrastructure differs from the stacks that are kept: the CDK is needed"
        the_cdk
    fi
}

target=${1:-setup}
if ! recent .venv/bin/python; then
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if recent "$candidate"; then found=$candidate && break; fi
    done
    [ -n "${found:-}" ] || fail "Python 3.11 or newer is needed; name one with: make $target PYTHON=/path/to/python3"
    say "· virtual environment with $("$found" --version 2>&1)"
    rm -rf .venv
    "$found" -m venv .venv || fail "$found cannot make a virtual environment (on Debian: apt install python3-venv)"
fi

case "$target" in
run)
    the_cloud
    python_packages web
    npm_packages web
    ;;
pages) python_packages local ;;
demo)
    the_cloud
    python_packages demo
    python_packages web
    npm_packages web
    case " $* " in *" record "*) python_packages charts ;; esac
    ;;
synth | deploy)
    python_packages local
    the_cdk
    ;;
web)
    python_packages web
    npm_packages web
    ;;
check | test)
    python_packages dev
    npm_packages
    npm_packages web
    ;;
*)
    python_packages dev
    npm_packages
    ;;
esac
