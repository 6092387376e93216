"""Moments, numbers and sizes as people read them, in both languages and in the viewer's zone."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from crm_project import formats

TOKYO, LONDON = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/London")
NOW = dt.datetime(2026, 3, 12, 1, 24, tzinfo=dt.UTC)  # Thursday, 10:24 in Tokyo


@pytest.fixture(params=["en", "ja"])
def language(request):
    with translation.override(request.param), timezone.override(TOKYO):
        yield request.param


@pytest.mark.parametrize(
    ("before", "english", "japanese"),
    [
        (dt.timedelta(minutes=2), "10:22", "10:22"),
        (dt.timedelta(hours=11), "Yesterday 23:24", "昨日 23:24"),
        (dt.timedelta(days=2), "Tue 10:24", "火 10:24"),
        (dt.timedelta(days=20), "20 Feb", "2月20日"),
        (dt.timedelta(days=400), "5 Feb 2025", "2025年2月5日"),
    ],
)
def test_a_moment_is_as_short_as_its_age_allows(before, english, japanese, language):
    assert formats.short(NOW - before, NOW) == {"en": english, "ja": japanese}[language]


def test_a_moment_of_today_can_name_its_day(language):
    two_minutes, two_days = dt.timedelta(minutes=2), dt.timedelta(days=2)

    told = [formats.dated(NOW - two_minutes, NOW), formats.dated(NOW - two_days, NOW)]

    assert told == {"en": ["Today 10:22", "Tue 10:24"], "ja": ["今日 10:22", "火 10:24"]}[language]


@pytest.mark.parametrize(
    ("before", "english", "japanese"),
    [
        (dt.timedelta(0), "Today", "今日"),
        (dt.timedelta(days=1), "Yesterday", "昨日"),
        (dt.timedelta(days=5), "Saturday, 7 March", "3月7日(土)"),
        (dt.timedelta(days=365), "12 March 2025", "2025年3月12日"),
    ],
)
def test_a_day_is_named_by_its_distance(before, english, japanese, language):
    assert formats.day(NOW - before, NOW) == {"en": english, "ja": japanese}[language]


def test_the_day_is_the_viewers_and_not_the_servers():
    late = dt.datetime(2026, 3, 11, 16, 0, tzinfo=dt.UTC)

    with translation.override("en"), timezone.override(TOKYO):
        in_tokyo = formats.day(late, NOW)
    with translation.override("en"), timezone.override(LONDON):
        in_london = formats.day(late, NOW)

    assert (in_tokyo, in_london) == ("Today", "Yesterday")


def test_the_whole_moment_names_its_zone(language):
    expected = {"en": "Thursday, 12 March 2026 10:24 JST", "ja": "2026年3月12日(木) 10:24 JST"}

    assert formats.full(NOW) == expected[language]


@pytest.mark.parametrize(
    ("distance", "english", "japanese"),
    [
        (dt.timedelta(seconds=-20), "just now", "たった今"),
        (dt.timedelta(minutes=-2), "2 minutes ago", "2分前"),
        (dt.timedelta(hours=3), "in 3 hours", "3時間後"),
    ],
)
def test_a_distance_is_told_in_words(distance, english, japanese, language):
    assert formats.ago(NOW + distance, NOW) == {"en": english, "ja": japanese}[language]


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (219_136, "214 KB"), (3_565_158, "3.4 MB")]
)
def test_a_size_is_told_in_the_largest_fitting_unit(size, text, language):
    assert formats.file_size(size) == text


def test_numbers_are_grouped(language):
    assert (formats.number(84604), formats.number(-2), formats.percent(0.274)) == ("84,604", "−2", "27%")
