"""Dates as Python writes them, in the C locale: dates.json. Run as: python test/golden/generate/dates.py"""

import datetime
import sys

from common import GOLDEN, write_json

FIELDS = [f"%{flag}{letter}" for flag in ("", "-", "_", "0", "^") for letter in "aAbBcCdDeFhHIjklmMnpPrRStTuUwWxXyYzZ%" if not (flag and letter in "cCDFrRTxXzZnt%hPp")]
MOMENTS = [(2025, 3, 4, 12, 30, 0), (2024, 2, 29, 0, 5, 9), (1999, 12, 31, 23, 59, 59), (2028, 1, 1, 9, 0, 0), (2023, 7, 9, 11, 11, 11)]
FORMATS = ["%d %b %Y", "%B %d, %Y", "%Y-%m-%d", "Today is %A, %-d %B %Y (100%%) at %I:%M %p", "%Q %!"]


def written(moment):
    date = datetime.datetime(*moment)
    return {"moment": date.isoformat(), "texts": {f: date.strftime(f) for f in FIELDS + FORMATS}}


write_json(GOLDEN / "dates.json", {"versions": {"python": sys.version.split()[0]}, "dates": [written(moment) for moment in MOMENTS]})
