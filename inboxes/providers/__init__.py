"""Mail providers behind one protocol (`base.py`); one file each knows a vendor's words. Pure: no Django in here."""
