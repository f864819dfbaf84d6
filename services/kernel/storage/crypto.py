"""Sealing of what must not be stored in the clear, codes that are stored only as a digest, and key sets."""

import hmac
import secrets
from contextlib import suppress

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet


class Unsealable(Exception):
    """The sealed bytes were changed, cut, or sealed under a key that is not among ours."""


class Vault:
    """Comma-separated Fernet keys: the first one seals, any of them opens. `ValueError` says which one is no key."""

    def __init__(self, keys: str) -> None:
        texts = [text.strip() for text in keys.split(",")]
        self._fernet = MultiFernet([_key(n, text) for n, text in enumerate(texts, 1)])
        self.mark = hmac.digest(texts[0].encode(), b"citygate vault", "sha256").hex()[:16]  # of the key that seals

    def seal(self, plain: bytes) -> bytes:
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Raises `Unsealable` unless the bytes are whole and sealed under one of the keys."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise Unsealable("Changed, or not sealed under any of these keys.") from None

    def rotate(self, sealed: bytes) -> bytes:
        """The same content, sealed under the first key. Raises `Unsealable` like `open`."""
        return self.seal(self.open(sealed))


def digest(text: str) -> str:
    """Salted hash of a short code, `salt$hash` in hex. It is stored sealed: there are few enough codes to try all."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${hmac.digest(salt, text.encode(), 'sha256').hex()}"


def matches(text: str, kept: str) -> bool:
    """Whether `kept` is a digest of this text, compared in constant time."""
    salt, _, found = kept.partition("$")
    try:
        said = hmac.digest(bytes.fromhex(salt), text.encode(), "sha256").hex()
    except ValueError:
        return False
    return hmac.compare_digest(said, found)


def _key(place: int, text: str) -> Fernet:
    try:
        return Fernet(text)
    except ValueError:
        raise ValueError(f"key {place} is no Fernet key (32 bytes in URL-safe base64)") from None


def new_code() -> str:
    """Ten digits with which a citizen can ask again (查询码)."""
    return f"{secrets.randbelow(10**10):010}"


def key_set(jwks: object) -> KeySet:
    """The keys of a set that verify ES256 or RS256. Raises `ValueError` if there is none.

    A key that is not understood is left out (RFC 7517, section 5).
    """
    found = jwks.get("keys") if isinstance(jwks, dict) else None
    keys: list[Key] = []
    for data in found if isinstance(found, list) else ():
        with suppress(JoseError, ValueError, TypeError, LookupError, AttributeError):
            if data.get("kty") == "RSA" or data.get("crv") == "P-256":
                keys.append(JWKRegistry.import_key(data))
    usable = [key for key in keys if key.get("use", "sig") == "sig"]
    if not usable:
        raise ValueError("the key set holds no key to verify with")
    return KeySet(usable)
