"""Sealed texts as they are stored: each aggregate's under a key of its own, which its document holds, wrapped."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bson import Binary
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from pydantic import TypeAdapter
from pydantic_core import to_json

from services.kernel.domain import refusals
from services.kernel.domain.decision import R, Record
from services.kernel.domain.event import Fact
from services.kernel.domain.sealed import Sealed, has_sealed
from services.kernel.storage.crypto import Unsealable, Vault

SUBTYPE = 0x80  # BSON's first user-defined subtype of binary data marks a sealed text


class DataKey:
    """The key of one aggregate (AES-SIV, RFC 5297). `subject`: its kind and id.

    All that is sealed is bound to the subject and to its place, the path of its field: elsewhere it does not open. The
    same text in the same place keeps the same bytes, so that what did not change is not written.

    `kept`: the key as its document holds it, {by: mark of the vault's key, wrapped}. None: it has none yet, and gets
    one with its first text; or it was erased, and nothing sealed before can be opened again.
    """

    def __init__(self, vault: Vault | None, subject: str, kept: Mapping[str, Any] | None = None) -> None:
        self.vault, self.subject, self.kept = vault, subject, kept
        self._cipher: AESSIV | None = None
        self._read: set[tuple[str, bytes]] = set()

    def read(self, token: bytes, place: str) -> Sealed:
        self._read.add((place, token))
        return Sealed.stored(token, partial(self.open, place))

    def open(self, place: str, token: bytes) -> str | None:
        """The text; None if it was erased. Raises `Unsealable` for what was sealed elsewhere, or changed."""
        return self.decrypt(token, place).decode() if self.kept else None

    def seal(self, sealed: Sealed, place: str) -> bytes:
        """Raises `Gone` for a new text of an aggregate that was erased."""
        if sealed.token is not None and (place, sealed.token) in self._read:
            return sealed.token
        if sealed.text is None or (self._read and not self.kept):
            raise refusals.ERASED(subject=self.subject)
        return self.encrypt(sealed.text.encode(), place)

    def encrypt(self, plain: bytes, place: str) -> bytes:
        return self._opened().encrypt(plain, [self.subject.encode(), place.encode()])

    def decrypt(self, token: bytes, place: str) -> bytes:
        try:
            return self._opened().decrypt(token, [self.subject.encode(), place.encode()])
        except InvalidTag:
            raise Unsealable("Changed, or sealed for another place.") from None

    def _opened(self) -> AESSIV:
        if self.vault is None:
            raise TypeError("a sealed text needs the keys of the program")
        if self._cipher is None:
            key = self.vault.open(self.kept["wrapped"]) if self.kept else AESSIV.generate_key(512)
            self.kept = self.kept or {"by": self.vault.mark, "wrapped": self.vault.seal(key)}
            self._cipher = AESSIV(key)
        return self._cipher


SHAPES: dict[type[Record], TypeAdapter[Any]] = {}


def shape(kind: type[R]) -> TypeAdapter[R]:
    if kind not in SHAPES:
        SHAPES[kind] = TypeAdapter(kind)
    return SHAPES[kind]


PERSONAL: dict[type[Record], bool] = {}


def personal(kind: type[Record]) -> bool:
    """Whether records of a kind have sealed texts, at any depth."""
    if kind not in PERSONAL:
        PERSONAL[kind] = has_sealed(shape(kind).core_schema)
    return PERSONAL[kind]


def sealed(made: Any, key: DataKey | None, place: str = "") -> Any:
    """A document with its sealed texts encrypted."""

    def closed(value: object, path: str) -> object:
        if not isinstance(value, Sealed):
            return value
        if key is None:
            raise TypeError("a sealed text is stored with its aggregate's key only")
        return Binary(key.seal(value, path), SUBTYPE)

    return _each(made, closed, place)


def unsealed(stored: Any, key: DataKey | None) -> Any:
    """A stored document with its sealed texts, which open when they are asked for."""

    def found(value: object, path: str) -> object:
        if key is None or not isinstance(value, Binary) or value.subtype != SUBTYPE:
            return value
        return key.read(value, path)

    return _each(stored, found)


def as_json(fact: Fact, key: DataKey | None, place: str) -> str:
    """A fact for the journal. Its sealed texts are encrypted, in base64."""
    if not has_sealed(fact.__pydantic_core_schema__):
        return fact.model_dump_json()
    return to_json(sealed(fact.model_dump(), key, place), bytes_mode="base64").decode()


def _each(value: Any, act: Callable[[Any, str], Any], path: str = "") -> Any:
    """The value with `act` done to each of its leaves, which it gets with their dotted paths."""
    if isinstance(value, Mapping):
        return {name: _each(inner, act, f"{path}.{name}") for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_each(inner, act, f"{path}.{n}") for n, inner in enumerate(value)]
    return act(value, path)
