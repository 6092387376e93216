"""What happened to contacts, sent on commit with ids only."""

from django.dispatch import Signal

contact_addresses_added = Signal()
"""Arguments: `contact_id`, `address_ids`, `by_id`: e-mails with these addresses may now be logged."""
