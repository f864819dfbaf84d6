"""What can be said: facts that are kept, events that are told, messages as they travel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

EVENTS: dict[str, type["Event"]] = {}
LARGEST = 900_000  # bytes of one event's value; Kafka takes a megabyte with its envelope


class Fact(BaseModel):
    """Something that happened to one aggregate; kept in the journal, never sent. `at` is when it happened, UTC."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)
    TYPE: ClassVar[str]

    at: AwareDatetime


class Event(Fact):
    """A fact that others hear (CloudEvents 1.0).

    KEY names the field that holds the aggregate's id. OVERTAKES: what withdraws or hides is shown
    at once, even while earlier events of its aggregate wait. ORDER names a field that counts what several
    aggregates share: their events are sent by it. A key that is no field, or a type declared twice, is a
    `TypeError` at import.
    """

    SOURCE: ClassVar[str]
    KEY: ClassVar[str]
    OVERTAKES: ClassVar[bool] = False
    ORDER: ClassVar[str | None] = None

    @property
    def subject(self) -> str:
        """`letter/{id}`: the CloudEvents subject and the Kafka key."""
        return f"{self.TYPE.partition('.')[0]}/{getattr(self, self.KEY)}"

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "TYPE" not in cls.__dict__:
            return
        if cls.KEY not in cls.model_fields or cls.TYPE in EVENTS:
            raise TypeError(f"{cls.__name__}: no field {cls.KEY}, or {cls.TYPE} declared twice")
        EVENTS[cls.TYPE] = cls


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event with its envelope; `value` is the JSON as it was sent, byte for byte."""

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
        """The event, or None for a type not known here. Raises pydantic's `ValidationError`."""
        known = EVENTS.get(self.type)
        return known.model_validate_json(self.value) if known else None
