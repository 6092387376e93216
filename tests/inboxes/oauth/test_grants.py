"""What is kept of an access, and that it shows itself to nobody."""

from datetime import UTC, datetime, timedelta

import pytest

from inboxes.oauth.grants import Beginning, Grant
from inboxes.providers.gmail.oauth import GoogleClient
from inboxes.providers.graph.oauth import MicrosoftClient

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
GRANT = Grant("the-access", "the-refresh", NOW, ("User.Read", "Mail.Read"), "tenant.person", "yuki@minato.example")


def test_a_grant_comes_back_as_it_was_stored():
    assert Grant.from_secret(GRANT.to_secret()) == GRANT


@pytest.mark.parametrize("secret", ["", "a password", "{}", "[1]", "null", '{"access_token": 1, "refresh_token": "x"}'])
def test_what_is_no_grant_is_refused_without_being_quoted(secret):
    with pytest.raises(ValueError, match=r"^This is not a grant\.$") as error:
        Grant.from_secret(secret)
    assert error.value.__suppress_context__


def test_secrets_do_not_show():
    kept = {"code_verifier": "the-verifier", "state": "the-state"}
    shown = [
        repr(GRANT),
        repr(Beginning("https://google.example/?state=the-state", kept)),
        repr(GoogleClient("id", "the-secret", "https://a", "https://t", "https://r", "https://g")),
        repr(MicrosoftClient("id", "the-secret", "https://a", "https://g")),
    ]
    assert [text for text in shown if "the-" in text or "yuki" in text] == []


def test_an_access_token_is_renewed_five_minutes_early():
    fresh_for = [Grant("a", "r", NOW + timedelta(minutes=left), ()).is_fresh(NOW) for left in (6, 5, 0, -1)]
    assert fresh_for == [True, False, False, False]


def test_missing_scopes_are_found_whatever_their_case():
    assert GRANT.missing(["user.read", "MAIL.READ", "Mail.Read.Shared"]) == ("Mail.Read.Shared",)
