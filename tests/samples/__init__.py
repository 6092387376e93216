"""Mail to test with: made by code, the same bytes every time, each named after what is odd about it."""
