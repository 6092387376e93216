"""What may stand anywhere because people made it known: no trace of a mail."""

import pytest

from crm_project.privacy.known import without_known
from crm_project.privacy.tokens import Kind, Token
from inboxes.models import Credential, CredentialKind, WithdrawnGrant
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db


def test_accounts_that_signed_in_are_known_whatever_inbox_they_opened(alice):
    inbox = connected_inbox(alice, "office@minato.example")
    Credential.objects.create(
        inbox=inbox, kind=CredentialKind.MICROSOFT, secret="x", account_id="t.p", signed_in_as="ken@minato.example"
    )
    WithdrawnGrant.objects.create(kind=CredentialKind.GOOGLE, account_id="yuki@minato.example", secret="x")
    names = ("ken@minato.example", "yuki@minato.example", "office@minato.example", "patient@clinic.example")
    tokens = {Token(Kind.ADDRESS, name) for name in names}
    assert without_known(tokens) == {Token(Kind.ADDRESS, "patient@clinic.example")}
