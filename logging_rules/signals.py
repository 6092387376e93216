"""What is asked for once a change is committed. Sent with ids only."""

from django.dispatch import Signal

erasure_wanted = Signal()
"""`unlogging_id`: its mails are to be erased now."""
