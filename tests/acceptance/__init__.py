"""The product as its users meet it: real commands, a real IMAP server, real services."""
