"""How e-mails are told on a timeline, and headers of sortable columns."""

import re
import unicodedata

from django import template
from django.template import Context
from django.utils.html import format_html, strip_tags
from django.utils.translation import gettext as _

from contacts.timeline import TEXT_SHOWN
from inboxes.models import Message

register = template.Library()

NAMES_SHOWN = 3
ROW_END = re.compile(r"<br|</(?:p|div|tr|li|h[1-6])>", re.IGNORECASE)
QUOTE_MARK = re.compile(r"^(?:>[ \t]?)+", re.MULTILINE)
CHARACTERS_PER_ROW, ROW_HEIGHT, FRAME_MARGINS, PICTURE_HEIGHT = 80, 26, 48, 80


@register.filter
def sender(message: Message) -> str:
    return message.from_name or message.from_email


@register.filter
def addressees(message: Message) -> str:
    """ "to Alice, Bob, cc Finance and 4 more", as the active language puts it."""
    named: dict[str, list[str]] = {"to": [], "cc": []}
    for kind, address, name in message.recipients:
        named.get(kind, []).append(name or address)
    parts = []
    if named["to"]:
        parts.append(_("to %(names)s") % {"names": _listed(named["to"])})
    if named["cc"]:
        parts.append(_("cc %(names)s") % {"names": _listed(named["cc"])})
    return _(", ").join(parts)


@register.filter
def breakable(address: str) -> str:
    """An e-mail address that breaks after its @ where it is too long for a line."""
    local, at, domain = address.rpartition("@")
    return format_html("{}{}<wbr>{}", local, at, domain)


@register.filter
def dialled(phone: str) -> str:
    """A telephone number as a tel: address takes it: digits, and what else a telephone can dial (RFC 3966)."""
    return re.sub(r"[^0-9+*#]", "", unicodedata.normalize("NFKC", phone))


@register.filter
def unquoted(text: str) -> str:
    """Quoted text without the marks in front of its lines; the line beside it says the same."""
    return QUOTE_MARK.sub("", text)


@register.filter
def frame_height(message: Message) -> int:
    """A height in CSS pixels for the frame of a formatted body. Nobody can look into the frame, so the markup has to tell."""
    rows = len(ROW_END.findall(message.body_html)) + len(strip_tags(message.body_html)) // CHARACTERS_PER_ROW
    pictures = PICTURE_HEIGHT if message.has_remote_images else 0
    return min(max(rows * ROW_HEIGHT + FRAME_MARGINS + pictures, 160), 800)


def _listed(names: list[str]) -> str:
    shown = _(", ").join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return _("%(names)s and %(count)d more") % {"names": shown, "count": more} if more > 0 else shown


@register.filter
def beginning(text: str, length: int = TEXT_SHOWN) -> str:
    """The text as far as a timeline shows it."""
    return text if len(text) <= length else f"{text[:length].rstrip()}…"


@register.inclusion_tag("contacts/_sort_header.html", takes_context=True)
def sort_header(context: Context, key: str, current: str, label: str) -> dict[str, object]:
    """A column header that sorts by its column, and reverses the order when it already does."""
    direction = {key: "ascending", f"-{key}": "descending"}.get(current, "")
    # Dates are looked at newest first, words from A.
    first, second = (f"-{key}", key) if key == "activity" else (key, f"-{key}")
    return {
        "request": context["request"],
        "label": label,
        "direction": direction,
        "next_sort": second if current == first else first,
    }
