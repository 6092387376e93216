"""Identity and roles: people, the workspace they belong to, and invitations."""
