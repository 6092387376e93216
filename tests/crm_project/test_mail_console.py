"""Without a mail server, mail is printed to the terminal of the workers."""

import io

from django.core.mail import EmailMultiAlternatives

from crm_project.environment import mail_server
from crm_project.mail_console import EmailBackend


def test_mail_without_a_server_is_printed_as_text_a_person_can_read():
    message = EmailMultiAlternatives(
        "メンバーになりました", "チームのEメールを見る：\nhttp://127.0.0.1:8000/x/", to=["yuki@minato.example"]
    )
    message.attach_alternative("<p>チームのEメールを見る</p>", "text/html")
    terminal = io.StringIO()

    assert EmailBackend(stream=terminal).send_messages([message]) == 1

    assert terminal.getvalue() == (
        "To: yuki@minato.example\nSubject: メンバーになりました\n\nチームのEメールを見る：\nhttp://127.0.0.1:8000/x/\n"
        + "-" * 79
        + "\n"
    )
    assert mail_server("consolemail://") == {"EMAIL_BACKEND": f"{EmailBackend.__module__}.EmailBackend"}
