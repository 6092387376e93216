"""The search text: what is typed finds what is stored, in Japanese and in Latin script."""

import pytest
from django.db import connection

from contacts import search


def found(query: str, *stored: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [search.vector(stored), search.query(query)])
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "stored"),
    [
        ("高橋", "高橋美咲"),
        ("美咲", "高橋美咲"),
        ("高橋美咲", "高橋 美咲"),
        ("高橋 美咲", "高橋美咲"),
        ("高", "高橋美咲"),
        ("咲", "高橋美咲"),
        ("タカハシ", "たかはし みさき"),
        ("ﾀｶﾊｼ", "タカハシ"),
        ("特許許可", "東京特許許可局"),
        ("株式会社ABC", "株式会社ＡＢＣ"),
        ("abc商事", "ABC商事株式会社"),
        ("okafor", "Sarah Okafor"),
        ("sar oka", "Sarah Okafor"),
        ("muller", "Jürgen Müller"),
        ("Müller", "Jurgen Muller"),
        ("o'brien", "Niamh O'Brien"),
        ("sarah@meridian", "sarah@meridian.example"),
        ("meridian.ex", "sarah@meridian.example"),
        ("김민", "김민준"),
        ("istanbul", "İSTANBUL Lojistik"),
        ("zed", "Z\u030c\u0327ed"),
    ],
)
def test_finds(query, stored):
    assert found(query, "some other text", stored)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "stored"),
    [
        ("東京都", "東京と京都"),
        ("高橋", "高木 石橋"),
        ("カ゚", "蚊"),
        ("okafor", "Oka Forte"),
        ("kafor", "Sarah Okafor"),
        ("hello there", "hello"),
    ],
)
def test_does_not_find(query, stored):
    assert not found(query, stored)


@pytest.mark.parametrize("query", ["", "   ", "!!", "'", "\\", "_", "&|<->"])
def test_nothing_to_search_is_none(query):
    assert search.query(query) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["'; drop", "a' | 'b", "x\\", "a:*b", "田'中", "\x00a", "!a & b", "a" * 5000, "田" * 5000]
)
def test_any_text_is_a_valid_query(query):
    assert found(query, "nothing like it") is False


@pytest.mark.django_db
def test_a_very_long_text_is_still_indexed():
    assert found("start", "start " + "田中" * 20_000)
