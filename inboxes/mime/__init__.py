"""Reading e-mail as it really is: broken, mislabelled, hostile. Pure: no Django, no network; nothing here raises on bad mail."""
