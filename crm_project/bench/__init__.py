"""Measures the sync against the limit of the machine it runs on: `manage.py bench`."""
