"""Which mail is that of an alias or a group, by its headers alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxes.mime.headers import Headers, parse
from inboxes.providers.gmail.addressed import is_of_address, list_id_of

SUPPORT = "support@minato.example"


def is_support(*headers: str, is_sent: bool = False) -> bool:
    block = "".join(f"{header}\r\n" for header in headers)
    return is_of_address(parse(block.encode()), SUPPORT, is_sent=is_sent)


@pytest.mark.parametrize(
    "header",
    [
        "To: support@minato.example",
        "To: Ken <ken@client.example>, Support <support@minato.example>",
        "to: SUPPORT@Minato.Example",
        'Cc: "Desk, Support" <support@minato.example>',
        "Cc: desk: support@minato.example, ken@client.example;",
        "Bcc: <support@minato.example>",
        "Delivered-To: support@minato.example",
        "List-Id: <support.minato.example>",
        'List-ID: "Support desk" <Support.Minato.example>',
        "List-Id: support.minato.example",
        "List-Post: <https://groups.example/support>, <mailto:support@minato.example>",
        "List-Post: <MAILTO:Support@minato.example?subject=hello>",
        "List-Post: <mailto:support%40minato.example>",
    ],
)
def test_mail_to_the_address_or_through_the_list_is_its_own(header):
    assert is_support(header)
    assert is_support("To: yuki@minato.example", "Delivered-To: yuki@minato.example", header)


@pytest.mark.parametrize(
    "header",
    [
        "To: nosupport@minato.example",
        "To: it-support@minato.example",
        "To: support@minato.example.evil.example",
        "To: support@sub.minato.example",
        "To: support+tag@minato.example",
        '"support@minato.example" <yuki@minato.example>',
        'To: "support@minato.example" <yuki@minato.example>',
        "Delivered-To: nosupport@minato.example",
        "List-Id: <nosupport.minato.example>",
        "List-Id: <support.minato.example.evil.example>",
        "List-Id: support.minato.example <other.minato.example>",
        "List-Post: <mailto:nosupport@minato.example>",
        "List-Post: <mailto:other@minato.example?cc=support@minato.example>",
        "List-Post: NO",
        "Reply-To: support@minato.example",
        "Sender: support@minato.example",
        "From: support@minato.example",
        "Subject: support@minato.example",
        "X-Original-To: support@minato.example",
        "",
    ],
)
def test_nothing_else_is(header):
    assert not is_support("To: yuki@minato.example", header)


def test_every_field_of_a_name_counts():
    assert is_support("Delivered-To: yuki@minato.example", f"Delivered-To: {SUPPORT}")


def test_mail_sent_as_the_address_is_its_own_but_not_mail_that_claims_it():
    assert is_support(f"From: Support <{SUPPORT}>", "To: ken@client.example", is_sent=True)
    assert not is_support(f"From: Support <{SUPPORT}>", "To: yuki@minato.example")
    assert not is_support("From: nosupport@minato.example", is_sent=True)


def test_a_list_that_says_where_to_post_is_known_by_that():
    """Another address could have the same List-Id."""
    assert not is_support("List-Id: <support.minato.example>", "List-Post: <mailto:support.minato@example>")


def test_a_list_is_named_as_its_address_with_a_dot():
    assert list_id_of(SUPPORT) == "support.minato.example"


@given(st.lists(st.tuples(st.sampled_from(["To", "Delivered-To", "List-Id", "List-Post"]), st.text(max_size=80))))
def test_nothing_in_a_header_makes_it_fail(pairs):
    is_of_address(Headers.of(pairs), SUPPORT, is_sent=True)
