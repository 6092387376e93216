"""Looking for the earlier mail of a contact."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from contacts.models import Contact
from contacts.views.gone import gone_is_not_found
from logging_rules import actions
from users.http import SignedInRequest, refusals_told


@require_POST
@gone_is_not_found()
def look_back(request: SignedInRequest) -> HttpResponse:
    contact = get_object_or_404(Contact.objects.visible_to(request.user), code=_code(request))
    with refusals_told(request):
        inboxes = actions.look_back(contact=contact, by=request.user, now=timezone.now())
        text = ngettext(
            "Your inbox is being looked through. E-mails that are found appear here, and you are told when it is done.",
            "Your %(inboxes)d inboxes are being looked through. E-mails that are found appear here, and you are told when it is done.",
            inboxes,
        )
        messages.success(request, text % {"inboxes": inboxes})
    return redirect(contact)


def _code(request: SignedInRequest) -> UUID:
    try:
        return UUID(request.POST.get("contact", ""))
    except ValueError:
        raise Http404 from None
