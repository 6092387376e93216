"""Refusals of changes to people, in words for the person who tried."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class LastSuperAdmin(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _(
                "This is the only super admin. Make somebody else a super admin first, so that the workspace can be managed."
            ),
            code="last_super_admin",
        )


class OwnDeactivation(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("You cannot deactivate yourself. Ask another super admin."), code="own_deactivation")


class AddressTaken(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Somebody with this e-mail address is already in the workspace."), code="address_taken")


class AlreadyInvited(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This address already has an open invitation. You can send it again from the list of people."),
            code="already_invited",
        )


class InvitationClosed(ValidationError):
    """Accepted, withdrawn or expired in the meantime."""

    def __init__(self) -> None:
        super().__init__(_("This invitation can no longer be used."), code="invitation_closed")
