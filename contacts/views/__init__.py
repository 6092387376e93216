"""The pages of contacts, companies, logged e-mails and search."""
