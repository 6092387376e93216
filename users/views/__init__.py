"""Pages about people: one's own profile, the people of the workspace, invitations and the workspace itself."""
