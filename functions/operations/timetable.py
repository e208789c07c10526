"""When the jobs are looked at. The watch over them is none of them: an alarm says when it stays away."""

from functions.domain.timetable import Every, Scheduled, planned

WATCH_JOBS = "watch-jobs"
WATCH: Scheduled = planned(WATCH_JOBS, Every(15), minutes=15)
