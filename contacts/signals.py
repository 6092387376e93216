"""What happens to contacts, for the apps above."""

from django.dispatch import Signal

contact_addresses_added = Signal()
"""On commit. Arguments: `contact_id`, `address_ids`, `by_id`: e-mails with these addresses may now be logged."""

contact_merging = Signal()
"""Inside the transaction, before anything moves. Arguments: `into` and `other`, two `Contact`."""
