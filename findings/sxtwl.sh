#!/bin/sh
# sxtwl 2.0.7 answers for lunar days that do not exist, with another day's date, instead of refusing.
# The twelfth month of lunar 2025 has 29 days, and 2026 has no leap month; both answers are dates of other days.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --quiet install sxtwl==2.0.7
"$folder/venv/bin/python" - <<'END'
import sys
from importlib.metadata import version

import sxtwl

print("sxtwl", version("sxtwl"))
seen = []
for year, month, day, leap in ((2025, 12, 30, False), (2026, 6, 1, True)):
    told = sxtwl.fromLunar(year, month, day, leap)
    solar = (told.getSolarYear(), told.getSolarMonth(), told.getSolarDay())
    seen.append((solar, told.getLunarMonth(), told.getLunarDay()))
    print(f"{year}-{month}-{day} leap={leap}: solar {solar}, which is lunar month {seen[-1][1]} day {seen[-1][2]}")
sys.exit(seen != [((2026, 2, 17), 1, 1), ((2026, 7, 14), 6, 1)])
END
