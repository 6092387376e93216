"""What the stand-in and its client know of each other beforehand. Light: the launcher reads it too."""

PROJECT = "genkan-stand-in"
CLIENT_ID = "123456789012-genkan.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-a-secret-of-the-stand-in"  # noqa: S105 - it opens nothing but the stand-in
TOPIC = f"projects/{PROJECT}/topics/mail"
SUBSCRIPTION = f"projects/{PROJECT}/subscriptions/mail"
PUSH_ACCOUNT = f"push@{PROJECT}.iam.gserviceaccount.com"


def environment(url: str) -> dict[str, str]:
    """The settings of an installation that takes the stand-in at this address for Google."""
    return {
        "GOOGLE_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "GOOGLE_API_ROOT": url,
        "GOOGLE_AUTHORIZE_URL": f"{url}/o/oauth2/v2/auth",
        "GOOGLE_TOKEN_URL": f"{url}/token",
        "GOOGLE_REVOKE_URL": f"{url}/revoke",
        "GOOGLE_CERTS_URL": f"{url}/oauth2/v1/certs",
        "GOOGLE_PUBSUB_TOPIC": TOPIC,
        "GOOGLE_PUSH_ACCOUNT": PUSH_ACCOUNT,
    }
