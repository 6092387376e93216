"""What is asked for once a change is committed. Sent with ids only."""

from django.dispatch import Signal

past_change_asked = Signal()
"""`past_change_id`: the logged mail of its inbox is to be decided once more."""

erasure_wanted = Signal()
"""`unlogging_id`: its mails are to be erased now."""

visibility_wanted = Signal()
"""`inbox_id`: what it has logged is to follow its visibility setting."""
