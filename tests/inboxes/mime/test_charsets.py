import pytest

from inboxes.mime import iso2022jp
from inboxes.mime.charsets import clean, decode
from tests.samples.broken_mail import LABELS
from tests.samples.japanese_mail import cp50221


@pytest.mark.parametrize(
    ("text", "codec", "label", "defect"),
    [
        ("日本語", "utf-8", "utf-8", ""),
        ("日本語", "utf-8-sig", "utf-8", ""),
        ("日本語", "utf-8", "UTF8MB4", ""),
        ("①㈱髙", "cp932", "shift_jis", ""),
        ("①㈱髙", "cp932", "x-sjis", ""),
        ("日本語", "euc_jp", "x-euc-jp", ""),
        ("〜−‖", "iso2022_jp", "iso-2022-jp", ""),
        ("你好㐀", "gb18030", "gb2312", ""),
        ("你好", "big5", "big5", ""),
        ("한국어 똠방", "cp949", "ks_c_5601-1987", ""),
        ("“Grüße” €", "cp1252", "iso-8859-1", ""),
        ("שלום", "iso8859_8", "iso-8859-8-i", ""),
        ("สวัสดี", "cp874", "windows-874", ""),
        ("é", "cp850", "cp-850", ""),
        ("日本", "utf-7", "unicode-1-1-utf-7", ""),
        ("Привет", "koi8_r", "koi8-r", ""),
        ("plain", "ascii", "", ""),
        ("日本語です", "utf-8", "", "charset_guessed"),
        ("日本語です", "cp932", "", "charset_guessed"),
        ("日本語です", "euc_jp", "", "charset_guessed"),
        ("日本語です", "iso2022_jp", "", ""),
        ("Grüße aus München", "cp1252", "", "charset_guessed"),
        ("Städte und Länder", "cp1252", "us-ascii", "charset_guessed"),
        ("日本語です", "iso2022_jp", "utf-8", "charset_guessed"),
        ("日本語です", "utf-8", "iso-2022-jp", "charset_guessed"),
        ("日本語です", "cp932", "iso-2022-jp", "charset_guessed"),
        ("日本語です", "utf-8", "x-made-up", "charset_guessed"),
        ("日本語です", "utf-8", "idna", "charset_guessed"),
        ("日本語です", "utf-8", "rot13", "charset_guessed"),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю", "cp1251", "", "charset_guessed"),
    ],
)
def test_text_comes_out_as_it_was_written(text, codec, label, defect):
    assert decode(text.encode(codec), label) == (text, defect)


def test_a_hint_goes_before_a_guess():
    data = "漢".encode("big5")
    assert decode(data, hint="big5").text == "漢"


def test_damage_is_kept_small_and_said():
    assert decode("日本語です".encode()[:-1], "utf-8") == ("日本語で\ufffd", "charset_damaged")
    assert decode(b"\x1b$B$3$s$", "iso-2022-jp") == ("こん\ufffd\ufffd", "charset_damaged")
    assert decode("日本語です".encode("cp932")[:-1]) == ("日本語で\ufffd", "charset_guessed")


def test_emoji_of_database_utf8_are_put_together():
    assert decode(b"\xed\xa0\xbd\xed\xb8\x80!", "utf-8").text == "😀!"


def test_every_vendor_character_of_iso_2022_jp_is_read():
    leads = [*range(0x81, 0xA0), *range(0xE0, 0xF0)]
    codes = [bytes((lead, trail)) for lead in leads for trail in range(0x40, 0xFD) if trail != 0x7F]
    decoded = (code.decode("cp932", "replace") for code in codes)
    characters = "".join(character for character in decoded if len(character) == 1 and character != "\ufffd")
    assert len(characters) > 7_000
    # Some characters have two codes; reading back the one Python writes must give the same character.
    written = "".join(character for character in characters if not 0xFA <= character.encode("cp932")[0] <= 0xFC)
    assert iso2022jp.decode(cp50221(written)) == (written, False)


def test_jis_x_0212_user_defined_and_shifted_kana_are_read():
    assert iso2022jp.decode(b"\x1b$(D\x30\x21\x1b(B") == ("丂", False)
    assert iso2022jp.decode(b"\x1b$(?\x21\x21\x1b(B") == ("\ue000", False)
    assert iso2022jp.decode(b"\x0e\x36\x3f\x0fa") == ("ｶｿa", False)
    assert iso2022jp.decode(b"\x1b$A0!\x1b(B") == ("啊", False)


@pytest.mark.parametrize("label", LABELS)
def test_no_label_and_no_bytes_raise(label):
    for data in (b"", b"abc", bytes(range(256)), "日本語".encode("cp932"), b"\x1b$", b"\x1b$B\xff\xff", b"\x1b$)C\x0e"):
        decode(data, label).text.encode()


def test_clean_makes_text_a_database_takes():
    assert clean("a\0b\udc80c") == "ab\ufffdc"
    assert clean("か\u3099") == "が"


def test_clean_keeps_the_characters_of_names():
    assert clean("\ufa19田か\u3099\uf9dc") == "\ufa19田が\uf9dc"
