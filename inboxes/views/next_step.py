"""Where a notice about an inbox leads, whatever has become of the inbox and of its reader since."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from inboxes.expiry import ends_soon
from inboxes.models import Inbox, InboxStatus
from inboxes.oauth.accesses import given_to
from users.http import SignedInRequest


@require_safe
def next_step(request: SignedInRequest, code: UUID) -> HttpResponse:
    """To what mends the inbox; where there is nothing to mend, or not for this person, to the list with a word about it."""
    inbox = get_object_or_404(Inbox.with_removed.told_to(request.user), code=code)
    if inbox.removed_at is not None:
        if Inbox.with_removed.decided_by(request.user).filter(pk=inbox.pk, removal__isnull=False, became=None).exists():
            return redirect("inboxes:removed", inbox.code)
        messages.info(request, _("%(inbox)s was removed. To use it again, connect it anew.") % {"inbox": inbox.label})
    elif Inbox.objects.decided_by(request.user).filter(pk=inbox.pk).exists():
        given = given_to(inbox)
        is_waiting = inbox.status == InboxStatus.NEEDS_RECONNECT or (
            given is not None and ends_soon(given.ends_at, now=timezone.now())
        )
        return redirect("inboxes:reconnect" if is_waiting else "inboxes:inbox", inbox.code)
    else:
        messages.info(
            request, _("Those who hold account access look after %(inbox)s. Ask one of them.") % {"inbox": inbox.label}
        )
    return redirect("inboxes:inbox-list")
