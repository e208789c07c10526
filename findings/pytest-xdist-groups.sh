#!/bin/sh
# pytest-xdist: tests of one group are spread over all workers.
#
# Good guess: with --dist loadgroup, tests that are marked with one xdist_group run on one worker, one after another; so
# they may share what a worker makes once, and what only one can have at a time.
# What happens: on pytest 9.2 each is handed out by itself, without a warning. xdist adds the group to a private
# attribute of a test, which that pytest does not read its address from any more.
# What we do: tests that go together are handed out by a scheduler of ours, which goes by their addresses (tests/conftest.py).
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   pytest 8.4.2: 20 tests of one group ran on 1 worker(s) of 2
#   pytest 9.2.0: 20 tests of one group ran on 2 worker(s) of 2
set -eu

packages="pytest==9.2.0 pytest-xdist==3.8.0"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >test_group.py <<'PYTHON'
import os
from pathlib import Path

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(20))
def test_it(number: int) -> None:
    with Path(os.environ["SEEN_BY"]).open("a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
PYTHON
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
for version in 8.4.2 9.2.0; do
    venv/bin/pip install --quiet --disable-pip-version-check "pytest==$version"
    SEEN_BY="$folder/workers-$version" venv/bin/python -m pytest -q -n 2 --dist loadgroup >/dev/null
    tests=$(wc -l <"workers-$version" | tr -d ' ')
    workers=$(sort -u "workers-$version" | wc -l | tr -d ' ')
    echo "pytest $version: $tests tests of one group ran on $workers worker(s) of 2"
done >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
