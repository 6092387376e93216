"""Rules about domains for the apps below."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inboxes.addresses import organisation_domain


def refuse_free_mail(domain: str) -> None:
    """A workspace that counted all of a free-mail provider as colleagues would log no customer's mail."""
    if organisation_domain(domain) is None:
        raise ValidationError(
            _("Anybody can have an address at %(domain)s, so it cannot stand for your colleagues.")
            % {"domain": domain},
            code="free_mail_domain",
        )
