"""The e-mails about inboxes word by word, in both languages: what happened, since when, what stops, who did it, one link."""

from datetime import timedelta

import pytest

from inboxes import notices
from inboxes.actions import disable
from inboxes.models import InboxKind
from notifications.mail import message
from notifications.models import Notification
from tests.factories.inboxes import NOW, connected_inbox
from tests.factories.users import UserFactory

pytestmark = pytest.mark.django_db
THEN = NOW + timedelta(minutes=5)

DISCONNECTED = {
    "en": """\
The team inbox Desk (desk@ours.example) is disconnected

The provider no longer accepts the access that was given to us. It was withdrawn, the password was changed, or it has not been used \
for long. Reconnect the inbox. Brought about by Nadia Ono.
Since March 2, 2026, 12:05 p.m. its new e-mail is not read, nothing of it is logged, and nothing can be sent from it. What was logged \
stays. Reconnecting catches up with what came in meanwhile.

Reconnect:
LINK

--
You get this because you are told about: Team inboxes
Change what you are told:
http://testserver/notifications/settings/
""",
    "ja": """\
チームのEメール「Desk (desk@ours.example)」の接続が切れました

与えられていたアクセスを、プロバイダーが受け付けなくなりました。アクセスが取り消されたか、パスワードが変更されたか、長期間使われていません\
でした。受信トレイを再接続してください。（操作した人：Nadia Onoさん）
2026年3月2日21:05以降、新着メールの読み取り、ログの記録、このアドレスからの送信は止まっています。ログに記録済みのメールはそのまま残ります。\
再接続すると、その間に届いたメールもさかのぼって処理されます。

再接続：
LINK

--
このメールは「チームのEメール」の通知として届いています。
通知の設定を変更：
http://testserver/notifications/settings/
""",
}
DISABLED = {
    "en": """\
Nadia Ono disabled your inbox alice@ours.example

Since March 2, 2026, 12:05 p.m. its new e-mail is not read, nothing of it is logged, and nothing can be sent from it. What was logged \
stays. Ask Nadia Ono if you do not know why; only you can start it again.

See the inbox:
LINK

--
This is about the security of your account or your inboxes, so it is always sent.
Change what you are told:
http://testserver/notifications/settings/
""",
    "ja": """\
Nadia Onoさんがあなたの受信トレイ「alice@ours.example」を無効にしました

2026年3月2日21:05以降、新着メールの読み取り、ログの記録、このアドレスからの送信は行われません。ログに記録済みのメールはそのまま残ります。\
心当たりがない場合はNadia Onoさんに確認してください。もう一度有効にできるのは、あなただけです。

受信トレイを表示：
LINK

--
アカウントまたは受信トレイのセキュリティに関わるお知らせのため、必ずお送りしています。
通知の設定を変更：
http://testserver/notifications/settings/
""",
}
RECOVERED = {
    "en": "The team inbox Desk (desk@ours.example) works again",
    "ja": "チームのEメール「Desk (desk@ours.example)」が復旧しました",
}


@pytest.fixture
def nadia():
    return UserFactory(name="Nadia Ono", super_admin=True)


def speak(person, language):
    person.language, person.time_zone = language, "Asia/Tokyo" if language == "ja" else "UTC"
    person.save()


def mail_to(person):
    notification = Notification.objects.filter(recipient=person).select_related("recipient").last()
    sent = message(notification)
    link = f"http://testserver/notifications/{notification.code}/"
    assert f'href="{link}"' in sent.alternatives[0].content
    return f"{sent.subject}\n\n{sent.body.replace(link, 'LINK')}"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_disconnected_team_inbox(alice, nadia, language):
    speak(alice, language)
    inbox = connected_inbox(
        alice, "desk@ours.example", kind=InboxKind.TEAM, name="Desk", cause="access_revoked", live_synced_at=THEN
    )
    notices.tell_of_disconnection(inbox, by=nadia)
    assert mail_to(alice) == DISCONNECTED[language]
    notices.tell_of_recovery(inbox, until=NOW + timedelta(hours=2))
    assert mail_to(alice).splitlines()[0] == RECOVERED[language]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_inbox_that_somebody_else_disabled(alice, nadia, language):
    speak(alice, language)
    disable(inbox=connected_inbox(alice, "alice@ours.example"), by=nadia, now=THEN)
    assert mail_to(alice) == DISABLED[language]
