import pytest

from inboxes.mime.flowed import unflow


@pytest.mark.parametrize(
    ("text", "delsp", "unflowed"),
    [
        ("one \ntwo \nthree\nfour", False, "one two three\nfour"),
        ("一 \n二\n三", True, "一二\n三"),
        ("> one \n> two\nthree ", False, "> one two\nthree "),
        ("one \n> two", False, "one \n> two"),
        ("one \n-- \nsignature", False, "one \n-- \nsignature"),
        ("", False, ""),
    ],
)
def test_lines_of_a_paragraph_are_joined(text, delsp, unflowed):
    assert unflow(text, delsp=delsp) == unflowed
