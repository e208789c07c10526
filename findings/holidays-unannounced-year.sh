#!/bin/sh
# holidays and chinesecalendar: one guesses a year that is not announced, the other refuses it.
#
# Good guess: a library of mainland China's working days knows which years it knows.
# What happens: the State Council announces each year's days, with the weekends worked instead, late in the year before.
# `holidays` answers for later years from rules of thumb, without a word and without a single worked weekend, which
# every announced year of late has had; chinesecalendar raises NotImplementedError. A deadline in working days that is
# reckoned by the former moves when the year is announced.
# What we do: the programme counts in days and hours, never in working days.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   holidays 0.108 chinesecalendar 1.11.0
#   2026: holidays 19 free weekdays, 6 worked weekend days; chinesecalendar 6 worked weekend days
#   2027: holidays 13 free weekdays, 0 worked weekend days; chinesecalendar NotImplementedError
#   2040: holidays 13 free weekdays, 0 worked weekend days; chinesecalendar NotImplementedError
set -eu

packages="holidays==0.108 chinesecalendar==1.11.0"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
from datetime import date, timedelta
from importlib.metadata import version

import chinese_calendar
import holidays

print("holidays", version("holidays"), "chinesecalendar", version("chinesecalendar"))
for year in (2026, 2027, 2040):
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    found = holidays.country_holidays("CN", years=year)
    worked = [day for day in days if day.weekday() >= 5 and found.is_working_day(day)]
    try:
        known = f"{sum(chinese_calendar.is_workday(day) for day in days if day.weekday() >= 5)} worked weekend days"
    except NotImplementedError as error:
        known = type(error).__name__
    free = [day for day in days if day.weekday() < 5 and day in found]
    print(f"{year}: holidays {len(free)} free weekdays, {len(worked)} worked weekend days; chinesecalendar {known}")
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
