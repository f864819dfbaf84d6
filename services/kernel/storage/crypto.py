"""Sealing of what must not be stored in the clear, codes that are stored only as a digest, and key sets.

Each aggregate with personal data has a key of its own (AES-GCM, NIST SP 800-38D), wrapped by the program's (Fernet).
"""

import hmac
import secrets
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from services.kernel.domain.sealed import Sealed


class Unsealable(Exception):
    """The sealed bytes were changed, cut, or sealed under a key that is not among ours."""


class Vault:
    """Comma-separated Fernet keys: the first one seals, any of them opens. `ValueError` says which one is no key."""

    def __init__(self, keys: str) -> None:
        texts = [text.strip() for text in keys.split(",")]
        self._fernet = MultiFernet([_key(n, text) for n, text in enumerate(texts, 1)])

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


class DataKey:
    """The key of one aggregate. `subject`: its kind and id, to which all that is sealed is bound.

    `wrapped`: the key under the program's, as it is stored. None: it has none yet, and gets one with its first text; or
    it was erased, and nothing sealed before can be opened again.
    """

    def __init__(self, vault: Vault | None, subject: str, wrapped: bytes | None = None) -> None:
        self.vault, self.subject, self.wrapped = vault, subject.encode(), wrapped
        self._cipher: AESGCM | None = None
        self._tokens: dict[bytes, str | None] = {}  # all that were read, and the text of those that were opened

    def open(self, token: bytes) -> str | None:
        """The text; None if it was erased. Raises `Unsealable` for what was sealed for another, or changed."""
        if self.wrapped is None:
            return None
        return self.decrypt(token).decode()

    def decrypt(self, token: bytes) -> bytes:
        try:
            return self._opened().decrypt(token[:12], token[12:], self.subject)
        except (InvalidTag, ValueError):
            raise Unsealable("Changed, or sealed for another.") from None

    def encrypt(self, plain: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._opened().encrypt(nonce, plain, self.subject)

    def read(self, token: bytes) -> Sealed:
        self._tokens.setdefault(token, None)
        return Sealed.stored(token, self.open)

    def seal(self, sealed: Sealed) -> bytes:
        """The same text keeps the same bytes, so that what did not change is not written."""
        if sealed.token is not None and sealed.token in self._tokens:
            return sealed.token
        text = sealed.text
        if text is None:
            raise TypeError("an erased text cannot be sealed again")
        for token, known in self._tokens.items():
            self._tokens[token] = self.open(token) if known is None else known
            if self._tokens[token] == text:
                return token
        token = self.encrypt(text.encode())
        self._tokens[token] = text
        return token

    def erased(self) -> "DataKey":
        """What is left when the key is gone: the sealed bytes stay as they are, and nobody can open them any more."""
        left = DataKey(self.vault, self.subject.decode())
        left._tokens = dict.fromkeys(self._tokens)
        return left

    def _opened(self) -> AESGCM:
        if self.vault is None:
            raise TypeError("a sealed text needs the keys of the program")
        if self._cipher is None:
            key = self.vault.open(self.wrapped) if self.wrapped else AESGCM.generate_key(256)
            self.wrapped = self.wrapped or self.vault.seal(key)
            self._cipher = AESGCM(key)
        return self._cipher


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
