"""What other apps may hear of inboxes. Sent on commit, with ids only."""

from django.dispatch import Signal

messages_stored = Signal()
"""`inbox_id`, `message_ids`: e-mails that this inbox was not known to hold before."""

inbox_status_changed = Signal()
"""`inbox_id`: its status or the cause of it is another one."""

inbox_removed = Signal()
"""`inbox_id`: nothing of it is left but what its `Removal` says; whoever keeps something for it clears that away."""

folder_renumbered = Signal()
"""`folder_id`: its server gave all messages new keys; the old ones name nothing any more."""

sync_wanted = Signal()
"""`inbox_id`: it is due now, because a person asked or its server has news."""

push_lapsed = Signal()
"""`inbox_id`: its provider does not tell us of new mail any more, or soon will not."""

mailbox_left = Signal()
"""`inbox`: it is about to be read through another provider, or as another inbox. The one signal that is sent inside the transaction of
the change: what its owner said about single mails there has to be kept with it, or the change does not happen."""
