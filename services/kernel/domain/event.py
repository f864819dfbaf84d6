"""Facts that are kept, events that are told, messages as they travel."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from services.kernel.domain.sealed import has_sealed

EVENTS: dict[str, type["Event"]] = {}
B = TypeVar("B", bound=BaseModel)
LARGEST = 900_000  # bytes of one event's value; Kafka takes a megabyte with its envelope


class Part(BaseModel):
    """A part of facts. What stands below a field says what it means."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class Fact(Part):
    """Something that happened to one aggregate. It is kept in the journal, never sent."""

    TYPE: ClassVar[str]

    at: AwareDatetime
    """When it happened; for a deadline the due moment. UTC."""


class Event(Fact):
    """A fact that others hear (CloudEvents 1.0).

    KEY names the field that holds the aggregate's id. OVERTAKES: the event withdraws or hides something, and is shown
    at once, even while earlier events of its aggregate wait. ORDER names a field that several aggregates count
    together: their events are sent in its order. Importing raises `TypeError` for a key that is no field, for a type
    that is declared twice, for a sealed field, and for a type that speaks of another kind than the other types of its
    base class.
    """

    SOURCE: ClassVar[str]
    KEY: ClassVar[str]
    OVERTAKES: ClassVar[bool] = False
    ORDER: ClassVar[str | None] = None

    @property
    def subject(self) -> str:
        """`letter/{id}`: the CloudEvents subject and the Kafka key."""
        return f"{self.speaks_of()}/{getattr(self, self.KEY)}"

    def part(self, kind: type[B]) -> B:
        """The fields that it has in common with a model of which it is made."""
        return kind(**{name: getattr(self, name) for name in kind.model_fields})

    @classmethod
    def speaks_of(cls) -> str:
        """The kind of aggregate: the first word of TYPE."""
        return cls.TYPE.partition(".")[0]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "TYPE" not in cls.__dict__:
            return
        if cls.KEY not in cls.model_fields or cls.TYPE in EVENTS:
            raise TypeError(f"{cls.__name__}: no field {cls.KEY}, or {cls.TYPE} declared twice")
        if has_sealed(cls.__pydantic_core_schema__):
            raise TypeError(f"{cls.__name__}: an event carries no sealed text")
        base = next(each for each in cls.__mro__ if "KEY" in each.__dict__)
        if any(issubclass(other, base) and other.speaks_of() != cls.speaks_of() for other in EVENTS.values()):
            raise TypeError(f"{cls.__name__}: {cls.TYPE} speaks of another kind than the others of {base.__name__}")
        EVENTS[cls.TYPE] = cls


class DescribedEnum(StrEnum):
    """A set of words, each with what it means in words of the field: `DRAFT = "draft", "still being written"`."""

    _value_: str
    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        word = str.__new__(cls, value)
        word._value_, word.meaning = value, meaning
        return word

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler(schema)
        handler.resolve_ref_schema(made)["description"] = explained(cls)
        return made


def explained(words: Iterable[DescribedEnum]) -> str:
    """What the set is, and a line for each of these words of it."""
    some = list(words)
    return "\n".join([f"{type(some[0]).__doc__}\n", *(f"- `{word.value}`: {word.meaning}" for word in some)])


class OpenEnum(DescribedEnum):
    """A set of words that may grow in a released event.

    A word that is not known here is read as a member named OTHER. Its value is that word, so it is written unchanged.
    """

    @property
    def is_known(self) -> bool:
        return self in type(self).__members__.values()

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        other = str.__new__(cls, value)
        other._name_, other._value_, other.meaning = "OTHER", value, ""
        return other

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = super().__get_pydantic_json_schema__(schema, handler)
        words = handler.resolve_ref_schema(made)
        words.pop("enum", None)
        words.pop("const", None)
        words |= {"type": "string", "x-known-values": [word.value for word in cls]}
        return made


class OnlyKnown:
    """Refuses a word that is not known here, in what clients send."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[OpenEnum], _: GetCoreSchemaHandler) -> CoreSchema:
        words = core_schema.literal_schema([word.value for word in source])
        said = {"pydantic_js_updates": {"description": explained(source)}}
        return core_schema.no_info_after_validator_function(source, words, metadata=said)


O = TypeVar("O", bound=OpenEnum)  # noqa: E741  O for open
Known = Annotated[O, OnlyKnown]


class Remembers:
    """Room for the parsed event. It is no field, so that equality, copying and storage ignore it."""

    __slots__ = ("_parsed",)
    _parsed: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Remembers):
    """One event with its envelope. `value` is the JSON as it was sent, byte for byte."""

    id: str
    type: str
    source: str
    subject: str
    sequence: int
    time: datetime
    correlation: str
    trace: str | None
    value: bytes

    @property
    def kind(self) -> str:
        return self.subject.partition("/")[0]

    @property
    def key(self) -> str:
        """The aggregate's id."""
        return self.subject.partition("/")[2]

    def event(self) -> Event | None:
        """The event, parsed once. None for a type that is not known here. Raises pydantic's `ValidationError`."""
        known = EVENTS.get(self.type)
        if known is None:
            return None
        if not hasattr(self, "_parsed"):
            object.__setattr__(self, "_parsed", known.model_validate_json(self.value))
        return self._parsed
