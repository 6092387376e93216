"""What somebody else deletes while it is being changed."""


class Gone(Exception):
    """What was to be changed was deleted meanwhile."""


class ContactGone(Gone):
    """A contact was deleted after it was decided what happens to it."""


class CompanyGone(Gone):
    pass


class NoteGone(Gone):
    pass
