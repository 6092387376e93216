"""Mailboxes at Microsoft, through Microsoft Graph."""
