#!/bin/sh
# DuckDB: a time of another zone loses its offset on the way into a TIMESTAMP.
#
# Good guess: a text with an offset is an instant; a cast to TIMESTAMP, which has no zone, gives that instant in UTC, or
# fails.
# What happens: the offset is dropped and the wall clock kept: half past midnight in Shanghai and in Greenwich are one
# value, and a day's figures mix the two. The same text as TIMESTAMPTZ is right.
# What we do: times of rows are UTC; whoever reads an export of events casts to TIMESTAMPTZ first.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   duckdb 2.0.0
#   2027-01-01T00:30:00+08:00: TIMESTAMP 2027-01-01 00:30:00, TIMESTAMPTZ 2026-12-31 16:30:00+00
#   2027-01-01T00:30:00+00:00: TIMESTAMP 2027-01-01 00:30:00, TIMESTAMPTZ 2027-01-01 00:30:00+00
set -eu

packages="duckdb==2.0.0"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
import duckdb

print("duckdb", duckdb.__version__)
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
for text in ("2027-01-01T00:30:00+08:00", "2027-01-01T00:30:00+00:00"):
    ((plain, instant),) = connection.execute(
        "SELECT CAST(CAST($text AS TIMESTAMP) AS TEXT), CAST(CAST($text AS TIMESTAMPTZ) AS TEXT)", {"text": text}
    ).fetchall()
    print(f"{text}: TIMESTAMP {plain}, TIMESTAMPTZ {instant}")
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
