"""Notices on their way to people's mailboxes."""

from celery import shared_task

from notifications import mail


@shared_task
def send_e_mails(*, notification_ids: list[int]) -> None:
    """Each notice at most once, whoever runs this and however often."""
    mail.send(notification_ids)


@shared_task
def send_late_e_mails() -> None:
    """Picks up what a lost task or a mail server's bad hour left behind."""
    mail.send(mail.late_ids())
