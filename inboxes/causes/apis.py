"""Causes met while somebody signs in with Google or Microsoft, and while their APIs are asked."""

from django.utils.translation import gettext_lazy as _

from inboxes.causes.cause import WAIT, Cause

CAUSES: dict[str, Cause] = {
    "access_revoked": Cause(
        _("Access was withdrawn"),
        _("The provider no longer accepts the access that was given to us: it was withdrawn, or has run out."),
        _("Reconnect the inbox."),
    ),
    "client_refused": Cause(
        _("Connection to the provider is set up wrongly"),
        _("The provider refuses this installation itself, for all mailboxes alike."),
        _("You do not need to do anything: the administrators were told. No mail is lost."),
    ),
    "pace_reached": Cause(
        _("Reading as fast as the provider allows"),
        _("The provider limits how much may be read in a minute."),
        WAIT,
    ),
    "project_paused": Cause(
        _("Provider asks everybody to wait"),
        _("The provider asked for a pause of everything that this installation reads there."),
        WAIT,
    ),
}
