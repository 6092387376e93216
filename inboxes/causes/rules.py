"""Causes that nobody's mailbox is to blame for: what the workspace allows, and colleagues who left."""

from django.utils.translation import gettext_lazy as _

from inboxes.causes.cause import Cause

_ASK = _("Ask a super admin of the workspace: they can allow it.")

ACCESS_DELETED = "access_deleted"
PAUSED_BY_ADMIN = "paused_by_admin"
CAUSES = {
    ACCESS_DELETED: Cause(
        _("Disconnected by a super admin"),
        _("A super admin disabled the inbox and deleted the password or the access that opened it."),
        _("Ask them if you do not know why. If you may, connect it again."),
    ),
    PAUSED_BY_ADMIN: Cause(
        _("Paused by a super admin"),
        _("New e-mail waits in the mailbox; nothing is read or logged until the inbox is resumed."),
        _("Ask them if you do not know why. You can resume it."),
    ),
    "personal_not_allowed": Cause(
        _("You may not connect inboxes of your own"),
        _("Your workspace has decided who connects personal inboxes, and you are not among them."),
        _ASK,
    ),
    "provider_not_allowed": Cause(
        _("This provider is not allowed here"),
        _("Your workspace has decided which providers may be connected, and this one is not among them."),
        _ASK,
    ),
    "host_not_allowed": Cause(
        _("This mail server is not allowed here"),
        _("Your workspace has decided which mail servers may be connected, and this one is not among them."),
        _ASK,
    ),
    "owner_left": Cause(
        _("Who connected it has left"),
        _("The inbox was read with the access of a colleague who has left the workspace. That access was given back."),
        _("Sign in with an account that may open the mailbox. Nothing is lost: the sync goes on where it stopped."),
    ),
}
