"""People and companies outside, and the timeline of what happened with each."""
