"""Work on people that takes the network: their invitations."""

from smtplib import SMTPException

from celery import shared_task

from users.invitation_mail import deliver


@shared_task(autoretry_for=(SMTPException, OSError), retry_backoff=30, retry_backoff_max=1800, max_retries=8)
def send_invitation(*, invitation_id: int) -> None:
    """Sends the newest link once; a second run finds it sent. Too late (withdrawn, accepted) does nothing."""
    deliver(invitation_id=invitation_id)
