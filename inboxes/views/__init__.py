"""Thin edges: connecting an inbox, and what its owner does with it."""
