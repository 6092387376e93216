"""Every cause an inbox, a folder or a message can be in trouble for, in words a person can act on.

Codes are stable: they are stored, shown, logged and counted. The texts say what happened and what to do.
"""
