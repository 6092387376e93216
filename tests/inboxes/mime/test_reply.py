import time

import pytest

from inboxes.mime.reply import snippet, split_reply

REPLIES = {
    "gmail_ja": ("了解しました。", "2025年7月1日(火) 10:00 山田太郎 <taro@example.jp>:\n\n> 元の文\n> 二行目"),
    "gmail_ja_wrapped": ("了解しました。", "2025年7月1日(火) 10:00 山田太郎\n<taro@example.jp>:\n\n> 元の文"),
    "gmail_en": ("Fine.", "On Tue, Jul 1, 2025 at 10:00 AM Taro <taro@example.jp> wrote:\n\n> old"),
    "gmail_en_wrapped": ("Fine.", "On Tue, Jul 1, 2025 at 10:00 AM Taro Yamada\n<taro@example.jp> wrote:\n\n> old"),
    "iphone_ja": ("はい。\n\niPhoneから送信", "2025/07/01 10:00、山田太郎 <taro@example.jp>のメール:\n\n> 元の文"),
    "iphone_ja_long_date": ("はい。", "2025年7月1日 10:00、山田太郎 <taro@example.jp>のメール：\n\n> 元の文"),
    "apple_en": ("Yes", "On 1 Jul 2025, at 10:00, Taro <taro@example.jp> wrote:\n\n> old"),
    "outlook_ja": (
        "承知しました。",
        "差出人: 山田太郎 <taro@example.jp>\n送信日時: 2025年7月1日 10:00\n宛先: 花子\n件名: RE: 見積\n\n元の本文",
    ),
    "outlook_ja_full_width": (
        "承知しました。",
        "差出人： 山田太郎\n送信日時： 2025年7月1日\n宛先： 花子\n件名： 見積\n\n元の本文",
    ),
    "outlook_ja_rule": (
        "承知しました。",
        "_" * 32 + "\n差出人: 山田\n送信日時: 2025年7月1日\n宛先: 花子\n件名: 見積\n\n元の本文",
    ),
    "outlook_ja_divider": ("承知しました。", "-----元のメッセージ-----\n差出人: 山田\n\n元の本文"),
    "outlook_en": (
        "Agreed.",
        "From: Taro <taro@example.jp>\nSent: Tuesday, July 1, 2025\nTo: Hanako\nSubject: RE: Quote\n\nold",
    ),
    "outlook_en_bold": (
        "Agreed.",
        "*From:* Taro <taro@example.jp>\n*Sent:* Tuesday\n*To:* Hanako\n*Subject:* Quote\n\nold",
    ),
    "outlook_en_divider": ("Agreed.", "-----Original Message-----\nFrom: Taro\nSent: Tuesday\n\nold"),
    "outlook_de": ("Ja.", "Von: Taro <taro@example.jp>\nGesendet: Dienstag\nAn: Hanako\nBetreff: AW: Angebot\n\nalt"),
    "thunderbird_ja": ("はい。", "On 2025/07/01 10:00, 山田 wrote:\n> 元の文"),
    "thunderbird_ja_brackets": ("はい。", "(2025/07/01 10:00), 山田 wrote:\n> 元の文"),
    "san_wrote": ("はい。", "山田太郎さんは書きました:\n> 元の文"),
    "german": ("Ja.", "Am 01.07.2025 um 10:00 schrieb Taro <taro@example.jp>:\n> alt"),
    "french": ("Oui.", "Le mar. 1 juil. 2025 à 10:00, Taro <taro@example.jp> a écrit :\n\n> vieux"),
    "quote_without_a_word": ("はい。", "> 元の文\n> 二行目"),
}
WHOLE = {
    "no_quote": "お世話になっております。\n\n山田",
    "answer_below": "> 質問\n\n答えです。",
    "answers_between": "On Tue, Jul 1, 2025 at 10:00 AM Taro <taro@example.jp> wrote:\n> one?\nYes.\n> two?\nNo.",
    "answer_below_attribution": "2025年7月1日(火) 10:00 山田 <taro@example.jp>:\n> 質問\n\n答えです。",
    "forward": "ご参考まで。\n\n---------- Forwarded message ---------\nFrom: Taro <taro@example.jp>\nDate: x\nSubject: y\n\ncontent",
    "nothing_but_quote": "On Tue, Jul 1, 2025 at 10:00 AM Taro <taro@example.jp> wrote:\n> old",
    "from_in_a_sentence": "The file is\nFrom: the archive\nand so on",
    "date_in_a_sentence": "2025年7月1日の件:\n・見積\n・納期",
    "empty": "",
}


@pytest.mark.parametrize("name", REPLIES)
def test_new_and_quoted_text_are_told_apart(name):
    new, quoted = REPLIES[name]
    assert split_reply(f"{new}\n\n{quoted}\n") == (new, quoted)


@pytest.mark.parametrize("name", WHOLE)
def test_nothing_that_was_written_for_the_reader_is_folded(name):
    assert split_reply(WHOLE[name]) == (WHOLE[name], "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello\n\n  Taro\t!", "Hello Taro !"),
        ("はい。\n\n> 元の文", "はい。"),
        ("one two three four", "one two three…"),
        ("あ" * 20, "あ" * 14 + "…"),
        ("x" * 15, "x" * 15),
        ("> only\n> a quote", "> only > a quo…"),
        ("a\u200b\u00adb", "ab"),
        ("", ""),
    ],
)
def test_a_snippet_is_one_short_line_of_what_is_new(text, expected):
    assert snippet(text, 15) == expected


@pytest.mark.parametrize(
    "line",
    [
        "On " + "a " * 120,
        "On a wrote: b",
        "> ",
        "From: x",
        "2025年7月1日 " + "x" * 250,
        "-----",
        "From:" + " " * 250,
        "差出人: " * 50,
        "_" * 32,
    ],
)
def test_text_made_to_be_slow_is_not(line):
    started = time.process_time()
    for length in (19_000, 400_000):
        text = (line + "\n") * (length // (len(line) + 1))
        split_reply(text)
        snippet(text)
    assert time.process_time() - started < 5
