"""How e-mails are told on a timeline, and headers of sortable columns."""

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.translation import gettext as _

from contacts.timeline import TEXT_SHOWN
from inboxes.models import Message

register = template.Library()

NAMES_SHOWN = 3


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
    local, _at, domain = address.rpartition("@")
    return format_html("{}@<wbr>{}", local, domain)


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
