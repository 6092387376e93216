"""Signing in to a mail server with an access token instead of a password: XOAUTH2 (Google, Microsoft) and OAUTHBEARER (RFC 7628)."""

import json


def xoauth2(username: str, token: str) -> bytes:
    return f"user={username}\1auth=Bearer {token}\1\1".encode()


def oauthbearer(username: str, token: str, *, host: str, port: int) -> bytes:
    """RFC 5801, 4: "=" and "," in the name are written out."""
    name = username.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {token}\1\1".encode()


class Conversation:
    """What a client says: first its response, and if the server answers with the reason of a refusal, what ends the conversation."""

    def __init__(self, response: bytes, end: bytes) -> None:
        self._response = response
        self._end = end
        self.refusal = b""

    @property
    def scope_is_missing(self) -> bool:
        """Whether the token is good, but not for mail servers (RFC 7628, 3.2.2)."""
        try:
            reason = json.loads(self.refusal)
        except ValueError:
            return False
        return isinstance(reason, dict) and str(reason.get("status")) in {"insufficient_scope", "403"}

    def __call__(self, challenge: bytes) -> bytes:
        # Google begins with an empty challenge, some servers with none at all; a refusal is never empty.
        if not challenge:
            return self._response
        self.refusal = challenge
        return self._end


def conversation(mechanism: str, username: str, token: str, *, host: str, port: int) -> Conversation:
    if mechanism == "OAUTHBEARER":
        return Conversation(oauthbearer(username, token, host=host, port=port), b"\1")
    return Conversation(xoauth2(username, token), b"")
