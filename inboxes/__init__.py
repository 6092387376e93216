"""Connected mailboxes: providers, credentials, the sync engine and stored messages."""
