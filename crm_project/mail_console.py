"""Mail for a terminal: who gets it, the subject, and the text, which holds the links. The HTML would push everything else away."""

from django.core.mail import EmailMessage
from django.core.mail.backends import console


class EmailBackend(console.EmailBackend):
    """Django's own, but decoded and without what a person cannot read there."""

    def write_message(self, message: EmailMessage) -> None:
        self.stream.write(
            f"To: {', '.join(message.recipients())}\nSubject: {message.subject}\n\n{message.body}\n{'-' * 79}\n"
        )
