"""The team inbox as a shared desk: its threads, who has read them, what was filtered."""
