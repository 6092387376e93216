"""The sync engine: leases, cursors, ledger and the storing of logged mail. It asks `Intake` what to log and never decides itself."""
