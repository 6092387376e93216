"""How moments, days, numbers and sizes are written, in the active language and the active time zone. Pure but for those two."""

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from django.utils import timezone
from django.utils.translation import get_language, gettext

# "en" alone would mean American dates; day-month order with the month's name is read without doubt everywhere.
LOCALES = {"en": "en_GB", "ja": "ja_JP"}
SHORT_DAY = {"en": "d MMM", "ja": "M月d日"}
SHORT_DAY_OF_YEAR = {"en": "medium", "ja": "long"}
WEEKDAY_DAY = {"en": "EEEE, d MMMM", "ja": "M月d日(EEE)"}
WHOLE_DAY = {"en": "full", "ja": "y年M月d日(EEE)"}
JUST_NOW = dt.timedelta(seconds=45)


def language() -> str:
    """The active language without its region; English when none is active."""
    code = (get_language() or "en").split("-")[0]
    return code if code in LOCALES else "en"


def locale() -> Locale:
    return locale_of(language())


@lru_cache
def locale_of(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


@lru_cache(maxsize=1024)
def written(date: dt.date, pattern: str, language: str) -> str:
    """Kept, for a page full of moments has few days."""
    return format_date(date, pattern, locale_of(language))


def day(moment: dt.datetime | dt.date, now: dt.datetime) -> str:
    """A heading for the day of `moment`: "Today", "Yesterday", "Tuesday, 10 March", or the whole date in another year."""
    date, today = local_date(moment), local_date(now)
    if date == today:
        return gettext("Today")
    if date == today - dt.timedelta(days=1):
        return gettext("Yesterday")
    if date.year == today.year:
        return written(date, WEEKDAY_DAY[language()], language())
    return written(date, "long", language())


def short(moment: dt.datetime, now: dt.datetime) -> str:
    """As little as tells the moment apart: "10:24", "Yesterday 10:24", "Tue 10:24", "10 Mar", "10 Mar 2025"."""
    local, today = timezone.localtime(moment), local_date(now)
    age = (today - local.date()).days
    if age == 0:
        return clock(moment)
    if age == 1:
        return gettext("Yesterday %(time)s") % {"time": clock(moment)}
    if 1 < age < 7:
        return f"{written(local.date(), 'EEE', language())} {clock(moment)}"
    return written(local.date(), (SHORT_DAY if local.year == today.year else SHORT_DAY_OF_YEAR)[language()], language())


def dated(moment: dt.datetime, now: dt.datetime) -> str:
    """As `short`, with its day also when that is today: "Today 10:24"."""
    if local_date(moment) == local_date(now):
        return gettext("Today %(time)s") % {"time": clock(moment)}
    return short(moment, now)


def exact(moment: dt.datetime, now: dt.datetime) -> str:
    """Day and time, whenever it was: "10 Mar 10:24", "10 Mar 2025 10:24"."""
    local = timezone.localtime(moment)
    pattern = (SHORT_DAY if local.year == local_date(now).year else SHORT_DAY_OF_YEAR)[language()]
    return f"{written(local.date(), pattern, language())} {clock(moment)}"


def full(moment: dt.datetime) -> str:
    """The whole moment with its zone, for a tooltip: "Tuesday, 10 March 2026 10:24 JST"."""
    local, spoken = timezone.localtime(moment), language()
    return f"{written(local.date(), WHOLE_DAY[spoken], spoken)} {clock(moment)} {local.tzname()}"


def clock(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"  # alike in all our languages


def ago(moment: dt.datetime, now: dt.datetime) -> str:
    """The distance from now in words: "2 minutes ago", "in 3 hours", "just now"."""
    distance = moment - now
    if abs(distance) < JUST_NOW:
        return gettext("just now")
    words = format_timedelta(distance, add_direction=True, locale=locale())
    # The locale data sets numbers apart by a space, which nobody writes in Japanese.
    return words.replace(" ", "") if language() == "ja" else words


def duration(length: dt.timedelta) -> str:
    """A length of time in its two largest units, minutes at least: "2 days 5 hrs", "2日5時間"."""
    minutes = max(1, round(length.total_seconds() / 60))
    parts = [
        ("duration-day", minutes // 1440),
        ("duration-hour", minutes // 60 % 24),
        ("duration-minute", minutes % 60),
    ]
    first = next(place for place, (_, count) in enumerate(parts) if count)
    words = [format_unit(count, unit, "short", locale=locale()) for unit, count in parts[first : first + 2] if count]
    return "".join(words).replace(" ", "") if language() == "ja" else " ".join(words)


def number(value: float | Decimal) -> str:
    """With a real minus sign: a hyphen is narrower than the plus in the line above."""
    return format_decimal(value, locale=locale()).replace("-", "−")


def percent(value: float) -> str:
    """A share between 0 and 1 as a percentage without decimals."""
    return format_percent(value, locale=locale())


def file_size(size: int) -> str:
    """Bytes in the largest unit that keeps the number above one, to at most one decimal: "214 KB", "3.4 MB"."""
    value, units = float(size), ["B", "KB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1024, units[1:]
    rounded = round(value, 1 if value < 10 and units[0] != "B" else 0)
    return f"{format_decimal(rounded, locale=locale())} {units[0]}"


def local_date(moment: dt.datetime | dt.date) -> dt.date:
    return timezone.localtime(moment).date() if isinstance(moment, dt.datetime) else moment
