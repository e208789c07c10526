#!/bin/sh
# sxtwl: a day that the lunar calendar does not have is answered with the date of another day.
#
# Good guess: fromLunar() refuses the 30th of a month of 29 days, and a leap month of a year that has none.
# What happens: it answers without a word. The 30th of such a month is the first of the next one; a month that is not
# there as a leap month is answered as the plain month of its number.
# What we do: another library gives the months, and functions/domain/lunar.py asks whether the day exists.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   sxtwl 2.0.7
#   the 30th of month 12 of lunar 2025, which has 29 days: 2026-02-17, the day 1 of month 1
#   day 1 of a leap month 6 of lunar 2026, which has none: 2026-07-14, the day 1 of month 6
set -eu

packages="sxtwl==2.0.7"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
from importlib.metadata import version

import sxtwl

print("sxtwl", version("sxtwl"))
for says, year, month, day, leap in (
    ("the 30th of month 12 of lunar 2025, which has 29 days", 2025, 12, 30, False),
    ("day 1 of a leap month 6 of lunar 2026, which has none", 2026, 6, 1, True),
):
    told = sxtwl.fromLunar(year, month, day, leap)
    solar = f"{told.getSolarYear()}-{told.getSolarMonth():02}-{told.getSolarDay():02}"
    print(f"{says}: {solar}, the day {told.getLunarDay()} of month {told.getLunarMonth()}")
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
