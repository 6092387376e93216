"""The words of the consent pages, in English and Japanese."""

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "banner": "Demo stand-in for Google. Nothing here leaves this machine.",
    "choose_title": "Choose an account",
    "choose_lead": "to continue to {client}",
    "no_accounts": "There are no accounts here yet.",
    "consent_title": "{client} wants access to your account",
    "consent_lead": "Select what {client} may do:",
    "other_account": "Use another account",
    "all_or_part": "You may allow all of it, a part of it, or nothing.",
    "allow": "Continue",
    "cancel": "Cancel",
    "error_title": "Access blocked",
    "error_code": "Error {status}: {code}",
    "already_allowed": "already allowed",
    "home_title": "This stands in for Google",
    "home_lead": "It answers for sign-in, tokens and Gmail of these accounts:",
    "mails": "{count} messages",
}
JAPANESE: Mapping[str, str] = {
    "banner": "これはデモ用に Google の代わりをする画面です。情報がこのコンピューターの外に出ることはありません。",
    "choose_title": "アカウントの選択",
    "choose_lead": "「{client}」に移動",
    "no_accounts": "アカウントはまだありません。",
    "consent_title": "{client} がアカウントへのアクセスを求めています",
    "consent_lead": "{client} に許可する操作を選択してください。",
    "other_account": "別のアカウントを使用",
    "all_or_part": "すべて許可することも、一部だけ許可することも、何も許可しないこともできます。",
    "allow": "続行",
    "cancel": "キャンセル",
    "error_title": "アクセスをブロックしました",
    "error_code": "エラー {status}: {code}",
    "already_allowed": "許可済み",
    "home_title": "Google の代わりをするサーバーです",
    "home_lead": "次のアカウントのログイン、トークン、Gmail に応答します。",
    "mails": "メール {count} 件",
}
# Who somebody is cannot be ticked off.
IDENTITY_SCOPES = frozenset(
    {
        "openid",
        "email",
        "profile",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/userinfo.profile",
    }
)
# Every scope that may be asked for, and what it allows.
SCOPES: Mapping[str, tuple[str, str]] = {
    "openid": ("Know who you are on Google", "Google でのあなたの識別"),
    "email": ("See your email address", "メールアドレスの表示"),
    "profile": ("See your name", "名前の表示"),
    "https://www.googleapis.com/auth/userinfo.email": ("See your email address", "メールアドレスの表示"),
    "https://www.googleapis.com/auth/userinfo.profile": ("See your name", "名前の表示"),
    "https://www.googleapis.com/auth/gmail.readonly": (
        "View your email messages and settings",
        "メールのメッセージと設定の表示",
    ),
    "https://www.googleapis.com/auth/gmail.metadata": (
        "View your email message metadata such as labels and headers, but not the email body",
        "メールのラベルやヘッダーなどの表示（本文を除く）",
    ),
    "https://www.googleapis.com/auth/gmail.send": ("Send email on your behalf", "代理でのメールの送信"),
    "https://www.googleapis.com/auth/gmail.labels": ("See and edit your email labels", "メールのラベルの表示と編集"),
    "https://www.googleapis.com/auth/gmail.compose": (
        "Manage drafts and send emails",
        "下書きの管理とメールの送信",
    ),
    "https://www.googleapis.com/auth/gmail.insert": ("Add emails into your mailbox", "メールボックスへのメールの追加"),
    "https://www.googleapis.com/auth/gmail.modify": (
        "Read, compose, and send emails from your account",
        "メールの閲覧、作成、送信",
    ),
    "https://www.googleapis.com/auth/gmail.settings.basic": (
        "See, edit, create, or change your email settings and filters",
        "メールの設定とフィルタの表示、編集、作成、変更",
    ),
    "https://www.googleapis.com/auth/gmail.settings.sharing": (
        "Manage your sensitive mail settings",
        "機密性の高いメール設定の管理",
    ),
    "https://mail.google.com/": (
        "Read, compose, send, and permanently delete all your email",
        "すべてのメールの閲覧、作成、送信、完全な削除",
    ),
}


def language_of(accepted: str) -> str:
    """ "ja" if a browser prefers Japanese, else "en"."""
    first = accepted.partition(",")[0].strip().lower()
    return "ja" if first.startswith("ja") else "en"


def text(language: str, key: str, **values: object) -> str:
    return (JAPANESE if language == "ja" else ENGLISH)[key].format(**values)


def scope_text(language: str, scope: str) -> str:
    return SCOPES[scope][1 if language == "ja" else 0]
