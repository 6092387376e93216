"""Thin edges: inboxes with what they log, the end of connecting one, why an e-mail was logged."""
