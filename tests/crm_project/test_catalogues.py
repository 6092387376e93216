"""What a reader of Japanese really sees: Django merges every catalogue into one."""

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation

APPS = ("crm_project", "users", "notifications", "audit", "inboxes", "contacts", "logging_rules")


@pytest.mark.parametrize("app", APPS)
def test_every_translation_of_ours_is_the_one_that_is_shown(app: str):
    """Not that of a library, nor that of another app of ours for the same English (`pgettext` tells those apart)."""
    path = settings.BASE_DIR / app / "locale" / "ja" / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return
    with path.open("rb") as file:
        messages = [
            message for message in read_po(file) if message.string and isinstance(message.id, str) and message.id
        ]
    with translation.override("ja"):
        hidden = {message.id: shown(message) for message in messages if shown(message) != message.string}
    assert hidden == {}


def shown(message) -> str:
    if message.context:
        return translation.pgettext(message.context, message.id)
    return translation.gettext(message.id)
