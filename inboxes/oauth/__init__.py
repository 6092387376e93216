"""Access to mailboxes that their owners gave at Google or Microsoft, instead of a password."""
