"""Personal text: plain for the rules, encrypted wherever it is stored, and shown nowhere by accident."""

from collections.abc import Callable
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Sealed:
    """A text that is stored only encrypted, under the key of the aggregate it belongs to.

    `token`: the encrypted text as it was stored; None for a new one. It is opened when the text is asked for. It is no
    part of events and logs: `repr` hides it, and neither pydantic nor `json` makes JSON of it.
    """

    __slots__ = ("_open", "_text", "token")

    def __init__(self, text: str) -> None:
        self._text: str | None = text
        self._open: Callable[[bytes], str | None] | None = None
        self.token: bytes | None = None

    @classmethod
    def stored(cls, token: bytes, open: Callable[[bytes], str | None]) -> "Sealed":
        made = cls("")
        made.token, made._open = token, open
        return made

    @property
    def text(self) -> str | None:
        """None if it was erased: its key is gone."""
        if self._open and self.token is not None:
            self._text, self._open = self._open(self.token), None
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sealed):
            return NotImplemented
        same = self.token is not None and self.token == other.token
        return same or (self.text == other.text and self.text is not None)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return "Sealed(…)"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, __: GetCoreSchemaHandler) -> CoreSchema:
        """Only an instance is valid. Pydantic dumps it as it is, and refuses to write it as JSON."""
        return core_schema.is_instance_schema(cls)


def has_sealed(schema: Any) -> bool:
    """Whether a type has sealed fields, at any depth. `schema`: pydantic's core schema of the type."""
    if isinstance(schema, dict):
        return any(map(has_sealed, schema.values()))
    return any(map(has_sealed, schema)) if isinstance(schema, list | tuple) else schema is Sealed
