"""A signing key with its certificate, as Google publishes its own, and the tokens signed with it."""

import hashlib
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from google.auth import jwt
from google.auth.crypt import RSASigner

ISSUER = "https://accounts.google.com"
_VALID_FOR = timedelta(days=3650)
_lock = threading.Lock()


class SigningKey:
    def __init__(self, certificate: str, private_key: str) -> None:
        self.certificate = certificate
        self.id = hashlib.sha256(certificate.encode()).hexdigest()[:40]
        self._signer = RSASigner.from_string(private_key, self.id)  # type: ignore[no-untyped-call]  # no annotations

    def sign(self, claims: Mapping[str, Any]) -> str:
        token: bytes = jwt.encode(self._signer, dict(claims))  # type: ignore[no-untyped-call]  # no annotations
        return token.decode()


def signing_key(name: str = "google") -> SigningKey:
    """The key of that name, the same in the whole process: any name but the usual one is a forger's."""
    with _lock:
        return _made(name)


@cache
def _made(name: str) -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.stand-in.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID_FOR)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return SigningKey(certificate.public_bytes(Encoding.PEM).decode(), private.decode())
