"""`manage.py doctor`: is this installation set up rightly, and if not, what is wrong and how is it mended."""

from collections.abc import Iterator

from crm_project.doctor import google, installation, microsoft
from crm_project.doctor.findings import Finding


def examine() -> Iterator[Finding]:
    """Asks the services and the providers; nothing is changed anywhere. Takes a few seconds, more where somebody does not answer."""
    yield from installation.examine()
    yield from google.examine()
    yield from microsoft.examine()
