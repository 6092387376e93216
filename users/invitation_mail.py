"""The e-mail that carries an invitation's link: the only place where the link exists."""

from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from users.models import Invitation, Workspace, hash_of_token


def deliver(*, invitation_id: int) -> None:
    """Makes a token, stores its hash and sends the link. Does nothing when already sent, or no longer open.

    Raises what the mail server's client raises; the next try makes a new token, so that a link of doubtful fate never works
    beside another.
    """
    invitation = (
        Invitation.objects.open().filter(pk=invitation_id, e_mailed_at=None).select_related("invited_by").first()
    )
    if invitation is None:
        return
    token = Invitation.new_token()
    Invitation.objects.filter(pk=invitation_id).update(token_hash=hash_of_token(token))
    message(invitation, token).send()
    Invitation.objects.filter(pk=invitation_id).update(e_mailed_at=timezone.now())


def message(invitation: Invitation, token: str) -> EmailMultiAlternatives:
    context = {
        "invitation": invitation,
        "workspace": Workspace.objects.current(),
        "link": urljoin(settings.BASE_URL, reverse("users:join", args=[token])),
    }
    with translation.override(invitation.language):
        mail = EmailMultiAlternatives(
            subject=" ".join(render_to_string("users/mail/invitation_subject.txt", context).split()),
            body=render_to_string("users/mail/invitation.txt", context),
            to=[invitation.email],
        )
        mail.attach_alternative(render_to_string("users/mail/invitation.html", context), "text/html")
    return mail
