"""Runs Genkan on one machine: PostgreSQL and Valkey from wheels, and the processes that use them. No Django in here."""
