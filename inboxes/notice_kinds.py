"""The kinds of notices about inboxes, and their words. A team's inbox has words of its own where its readers differ."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inboxes.causes import cause_of
from inboxes.models import CredentialKind, InboxKind
from notifications.kinds import Kind, Tone, Words, register
from notifications.topics import Topic

NEEDS_RECONNECT = "inbox_needs_reconnect"
REMINDER = "inbox_still_disconnected"
UNREACHABLE = "inbox_unreachable"
RECOVERED = "inbox_recovered"
QUARANTINED = "messages_quarantined"
DISABLED = "inbox_disabled"
PAUSED = "inbox_paused"
DELETED = "inbox_deleted"
ERASED = "inbox_erased"
ACCESS_DELETED = "inbox_access_deleted"
ACCESS_ENDS = "inbox_access_ends"
SECRET_ENDS = "client_secret_ends"  # noqa: S105 - the name of a notice
PROVIDER_REFUSES = "provider_refuses_us"
PROVIDER_WORKS = "provider_works_again"

BEING_DELETED = "being_deleted"
"""The cause of a stop that is the first half of a deletion."""


def variant(kind: str, of: InboxKind) -> str:
    """The code under which a kind is registered for such an inbox."""
    return f"team_{kind}" if of == InboxKind.TEAM else kind


def _words(context: Words) -> Words:
    cause = cause_of(context["cause"])
    return {
        "explanation": cause.explanation,
        "fix": cause.fix,
        **_people(context),
        **_moments(context),
    }


def _people(context: Words) -> Words:
    """`by` is the one who did it; `done_by` a sentence for where that is seldom known."""
    if "by" not in context:
        return {}
    by = context["by"]
    return {
        "by": by or gettext("The system"),
        "done_by": gettext("Brought about by %(by)s.") % {"by": by} if by else "",
    }


def _recovery_words(context: Words) -> Words:
    """With what was recovered, if that was known when it was told."""
    if not context.get("recovered"):
        caught_up = gettext("E-mail of that time is being read now.")
    elif context["lost"] == "0":
        caught_up = gettext("E-mails of that time recovered: %(recovered)s; not available: none.") % context
    else:
        caught_up = gettext("E-mails of that time recovered: %(recovered)s; not available: %(lost)s.") % context
    return {**_words(context), "caught_up": caught_up}


def _access_words(context: Words) -> Words:
    return {"at": CredentialKind(context["at"]).label, **_moments(context)}


def _secret_words(context: Words) -> Words:
    day = date.fromisoformat(context["day"])
    return {"provider": CredentialKind(context["provider"]).label, "day": date_format(day, "DATE_FORMAT")}


def _shared_words(context: Words) -> Words:
    cause = cause_of(context["cause"])
    provider = CredentialKind(context["provider"]).label
    return {"explanation": cause.explanation, "provider": provider, **_moments(context)}


def _moments(context: Words) -> Words:
    moments = {name: parse_datetime(context[name]) for name in ("since", "until") if name in context}
    return {name: date_format(localtime(moment), "DATETIME_FORMAT") for name, moment in moments.items() if moment}


FIELDS = frozenset({"inbox", "cause", "since"})
BY = FIELDS | {"by"}
_own = partial(Kind, topic=Topic.OWN_INBOXES, fields=FIELDS, words=_words)
_of_team = partial(Kind, topic=Topic.TEAM_INBOXES, fields=FIELDS, words=_words)
_security = partial(Kind, topic=Topic.SECURITY, fields=BY, words=_words, tone=Tone.WARN)
_about_provider = partial(
    Kind, topic=Topic.INSTALLATION, fields=frozenset({"provider", "cause", "since"}), words=_shared_words
)

DISCONNECTED = _own(
    code=NEEDS_RECONNECT,
    title=_("%(inbox)s needs to be reconnected"),
    text=_("%(explanation)s %(fix)s No new e-mail has been logged since %(since)s; reconnecting catches up with it."),
    action=_("Reconnect"),
    fields=BY,
    tone=Tone.BAD,
    icon="plug",
)
OWN = (
    DISCONNECTED,
    replace(DISCONNECTED, code=REMINDER, title=_("%(inbox)s is still disconnected")),
    _own(
        code=UNREACHABLE,
        title=_("%(inbox)s cannot be read at the moment"),
        text=_("%(explanation)s We have been trying since %(since)s and go on trying; nothing is lost."),
        action=_("See what happened"),
        tone=Tone.WARN,
        icon="wifi-off",
    ),
    _own(
        code=RECOVERED,
        title=_("%(inbox)s works again"),
        text=_("From %(since)s to %(until)s it was interrupted. %(caught_up)s"),
        action=_("See the inbox"),
        fields=FIELDS | {"until"},
        words=_recovery_words,
        tone=Tone.OK,
        icon="circle-check",
    ),
    _own(
        code=QUARANTINED,
        title=_("Some e-mail in %(inbox)s could not be read"),
        text=_("It was tried several times and set aside; everything else goes on. You can have it tried again."),
        action=_("See which"),
        tone=Tone.WARN,
        icon="triangle-alert",
    ),
    _own(
        code=ACCESS_ENDS,
        title=_("The access to %(inbox)s ends on %(until)s"),
        text=_(
            "%(at)s gave it for a limited time. Sign in again before it ends, and nothing is interrupted. After that new e-mail is not "
            "read and nothing of it is logged, until somebody signs in."
        ),
        action=_("Sign in again"),
        fields=frozenset({"inbox", "at", "until"}),
        words=_access_words,
        tone=Tone.WARN,
        icon="clock-alert",
    ),
)
ABOUT_ONES_OWN = (
    _security(
        code=DISABLED,
        title=_("%(by)s disabled your inbox %(inbox)s"),
        text=_(
            "Since %(since)s its new e-mail is not read, nothing of it is logged, and nothing can be sent from it. What was logged "
            "stays. Ask %(by)s if you do not know why; only you can start it again."
        ),
        action=_("See the inbox"),
        icon="power-off",
    ),
    _security(
        code=PAUSED,
        title=_("%(by)s paused your inbox %(inbox)s"),
        text=_(
            "Since %(since)s its new e-mail is not read and nothing of it is logged, until it is resumed. What was logged stays."
        ),
        action=_("See the inbox"),
        icon="circle-pause",
    ),
    _security(
        code=ACCESS_DELETED,
        title=_("%(by)s deleted the access to your inbox %(inbox)s"),
        text=_(
            "The password or the access that opened it is not stored here any more. New e-mail is not read and nothing of it is "
            "logged; what was logged stays. Only you can connect it again."
        ),
        action=_("See the inbox"),
        icon="key-round",
    ),
    _security(
        code=DELETED,
        title=_("%(by)s removed your inbox %(inbox)s"),
        text=_("On %(since)s its password or access was deleted. What it logged stays on the timelines."),
        action=_("See your inboxes"),
        icon="trash-2",
    ),
    _security(
        code=ERASED,
        title=_("%(by)s removed your inbox %(inbox)s with all that it logged"),
        text=_("Its password or access was deleted on %(since)s, and what it logged is being erased."),
        action=_("See your inboxes"),
        icon="trash-2",
    ),
)
TEAM_DISCONNECTED = _of_team(
    code=variant(NEEDS_RECONNECT, InboxKind.TEAM),
    title=_("The team inbox %(inbox)s is disconnected"),
    text=_(
        "%(explanation)s %(fix)s %(done_by)s\nSince %(since)s its new e-mail is not read, nothing of it is logged, and nothing can be "
        "sent from it. What was logged stays. Reconnecting catches up with what came in meanwhile."
    ),
    action=_("Reconnect"),
    fields=BY,
    tone=Tone.BAD,
    icon="plug",
)
TEAM_STOPPED = partial(_of_team, fields=BY, tone=Tone.BAD, icon="power-off")
OF_TEAMS = (
    TEAM_DISCONNECTED,
    replace(
        TEAM_DISCONNECTED,
        code=variant(REMINDER, InboxKind.TEAM),
        title=_("The team inbox %(inbox)s is still disconnected"),
    ),
    TEAM_STOPPED(
        code=variant(DISABLED, InboxKind.TEAM),
        title=_("%(by)s disabled the team inbox %(inbox)s"),
        text=_(
            "Since %(since)s its new e-mail is not read, nothing of it is logged, and nothing can be sent from it. What was logged "
            "stays. Enabling it again catches up with what came in meanwhile."
        ),
        action=_("See the inbox"),
    ),
    TEAM_STOPPED(
        code=variant(PAUSED, InboxKind.TEAM),
        title=_("The team inbox %(inbox)s is paused"),
        text=_(
            "Since %(since)s, when %(by)s paused it, its new e-mail is not read, nothing of it is logged, and nothing can be sent "
            "from it, until somebody resumes it. What was logged stays."
        ),
        action=_("See the inbox"),
        tone=Tone.WARN,
        icon="circle-pause",
    ),
    TEAM_STOPPED(
        code=variant(DELETED, InboxKind.TEAM),
        title=_("%(by)s deleted the team inbox %(inbox)s"),
        text=_(
            "Since %(since)s its new e-mail is not read, nothing of it is logged, and nothing can be sent from it. What was logged "
            "stays on the timelines. To go on using the address here, connect it again."
        ),
        action=_("See the inboxes"),
        icon="trash-2",
    ),
    TEAM_STOPPED(
        code=variant(ERASED, InboxKind.TEAM),
        title=_("%(by)s deleted the team inbox %(inbox)s with all that it logged"),
        text=_(
            "Since %(since)s its new e-mail is not read, nothing of it is logged, and nothing can be sent from it. What it logged is "
            "being erased. To go on using the address here, connect it again."
        ),
        action=_("See the inboxes"),
        icon="trash-2",
    ),
)


def _for_teams(kind: Kind, titles: Mapping[str, Promise]) -> Kind:
    """The same words under another title."""
    return replace(kind, code=variant(kind.code, InboxKind.TEAM), topic=Topic.TEAM_INBOXES, title=titles[kind.code])


TITLES = {
    UNREACHABLE: _("The team inbox %(inbox)s cannot be read at the moment"),
    RECOVERED: _("The team inbox %(inbox)s works again"),
    QUARANTINED: _("Some e-mail in the team inbox %(inbox)s could not be read"),
    ACCESS_ENDS: _("The access to the team inbox %(inbox)s ends on %(until)s"),
}
ABOUT_PROVIDERS = (
    Kind(
        code=SECRET_ENDS,
        topic=Topic.INSTALLATION,
        title=_("The client secret at %(provider)s expires on %(day)s"),
        text=_(
            "After that day no inbox at %(provider)s can be read or connected. Create a new secret in the registration of this "
            "installation, put it and its last day into the settings, and start the installation again; inboxes stay connected."
        ),
        action=_("See the steps"),
        fields=frozenset({"provider", "day"}),
        words=_secret_words,
        tone=Tone.WARN,
        icon="clock-alert",
    ),
    _about_provider(
        code=PROVIDER_REFUSES,
        title=_("%(provider)s does not let this installation read mail"),
        text=_(
            "%(explanation)s No inbox there has been read since %(since)s; we try again every ten minutes, and nothing is lost. "
            "Check the registration of this installation at %(provider)s (client id, secret, allowed requests) and our settings for it."
        ),
        action=_("See the inboxes"),
        tone=Tone.BAD,
        icon="plug",
    ),
    _about_provider(
        code=PROVIDER_WORKS,
        title=_("%(provider)s lets us read mail again"),
        text=_("From %(since)s to %(until)s it refused us. E-mail of that time is being logged now."),
        action=_("See the inboxes"),
        fields=frozenset({"provider", "cause", "since", "until"}),
        tone=Tone.OK,
        icon="circle-check",
    ),
)
register(*OWN, *ABOUT_ONES_OWN, *OF_TEAMS, *ABOUT_PROVIDERS)
register(*(_for_teams(kind, TITLES) for kind in OWN if kind.code in TITLES))
