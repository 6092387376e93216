"""What the stand-in and its client know of each other beforehand. Light: the launcher reads it too."""

CLIENT_ID = "7c0f1a52-5c1d-4b7e-9d61-0d1f6a6b2f10"
CLIENT_SECRET = "stand-in~client~secret"  # noqa: S105 - it opens nothing but the stand-in


def environment(url: str) -> dict[str, str]:
    """The settings of an installation that takes the stand-in at this address for Microsoft."""
    return {
        "MICROSOFT_CLIENT_ID": CLIENT_ID,
        "MICROSOFT_CLIENT_SECRET": CLIENT_SECRET,
        "MICROSOFT_AUTHORITY": f"{url}/common",
        "GRAPH_ROOT": f"{url}/v1.0",
    }
