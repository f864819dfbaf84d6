"""Sealing what must not lie about in the clear, and codes that are known only by their digest."""

import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Unsealable(Exception):
    """The sealed bytes were changed, cut, or sealed under a key that is not among ours."""


class Vault:
    """Comma-separated Fernet keys: seals under the first, opens under any. `ValueError` says which one is no key."""

    def __init__(self, keys: str) -> None:
        self._fernet = MultiFernet([_key(n, text.strip()) for n, text in enumerate(keys.split(","), 1)])

    def seal(self, plain: bytes) -> bytes:
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """`Unsealable` unless it is whole and sealed under one of the keys."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise Unsealable("Changed, or not sealed under any of these keys.") from None

    def rotate(self, sealed: bytes) -> bytes:
        """The same content, sealed under the first key; `Unsealable` as in `open`."""
        return self.seal(self.open(sealed))


def _key(place: int, text: str) -> Fernet:
    try:
        return Fernet(text)
    except ValueError:
        raise ValueError(f"key {place} is no Fernet key (32 bytes in URL-safe base64)") from None


def new_code() -> str:
    """Ten digits with which a citizen can ask again (查询码)."""
    return f"{secrets.randbelow(10**10):010}"


def digest(text: str, salt: bytes | None = None) -> str:
    """Salt and scrypt hash in hex, `salt$hash`; takes tens of milliseconds and 16 MB: call it in a thread."""
    salt = salt or secrets.token_bytes(16)
    return f"{salt.hex()}${hashlib.scrypt(text.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32).hex()}"


def matches(text: str, kept: str) -> bool:
    """Whether `kept` is the digest of this text, compared in constant time; as slow as `digest`."""
    return hmac.compare_digest(digest(text, bytes.fromhex(kept.partition("$")[0])), kept)
