"""The queue of an aggregate. Messages that wait for earlier ones, or that failed, have a place each."""

import hashlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from services.kernel.domain.clock import host
from services.kernel.domain.decision import No, Record, Unknown
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Database, Document
from services.kernel.stream.consumer import Handler

ATTEMPTS = 5
FIRST, LONGEST = timedelta(seconds=0.5), timedelta(seconds=30)  # until a place is tried again, doubled each time
SAID = 1_000  # characters of an error that are kept
OURS = ("services", "gateway", "tests")


class PlaceState(StrEnum):
    """What a place waits for: those before it, something not known yet, another try, or people."""

    WAITING = "waiting"
    UNKNOWN = "unknown"
    FAILING = "failing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a message failed. `where`: the place in the code. `group`: the same for the same error at the same place."""

    error: str
    where: str
    group: str

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Made fit to be stored and shown, whatever a stranger's message put into the error."""
        frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
        ours = [(code, line) for code, line in frames if any(f"/{name}/" in code.co_filename for name in OURS)]
        last = (ours or frames)[-1:]
        where = "".join(f"{'/'.join(c.co_filename.split('/')[-3:])}:{line} {c.co_name}" for c, line in last) or "-"
        kind = error.code if isinstance(error, No) else type(error).__name__
        group = hashlib.sha256(f"{kind}@{where}".encode()).hexdigest()[:8]
        said = str(error) if isinstance(error, No) else f"{type(error).__name__}: {error}"
        return cls(error=safe(said), where=where, group=group)


def safe(text: str) -> str:
    """One bounded line that every database and terminal accepts."""
    words = " ".join(text.encode("utf-8", "backslashreplace").decode().split())[:SAID]
    return words if words.isprintable() else "".join(c if c.isprintable() else "�" for c in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Record):
    """One message in the queue of one handler and one aggregate; `id` is `{handler}|{kind}/{id}#{sequence}`."""

    KIND: ClassVar[str] = "waiting"

    queue: str
    handler: str  # its name; a copy's collection stands in the queue's
    state: PlaceState
    since: datetime
    partition: int
    subject: str
    sequence: int
    type: str
    source: str
    event_id: str
    time: datetime
    correlation: str
    trace: str | None
    value: bytes
    attempts: int = 0
    waits: int = 0  # for something not known yet
    failure: Failure | None = None
    failed_at: datetime | None = None
    again_at: datetime | None = None
    copy_due: bool = False  # the dead letters do not have it yet

    @staticmethod
    def of(name: str) -> Document:
        """The filter for all queues of an effect, by its name, or of a copy, by its collection's."""
        return {"queue": {"$gte": f"{name}|", "$lt": f"{name}}}"}}

    @property
    def message(self) -> Message:
        return Message(
            id=self.event_id, type=self.type, source=self.source, subject=self.subject, sequence=self.sequence,
            time=self.time, correlation=self.correlation, trace=self.trace, value=self.value,
        )  # fmt: skip

    @property
    def why(self) -> str:
        """What the place waits for, in one line."""
        match self.state:
            case PlaceState.WAITING:
                return "waits for those before it"
            case PlaceState.UNKNOWN:
                return f"waits for something not known yet: {self.failure.error if self.failure else '-'}"
            case PlaceState.FAILING | PlaceState.FAILED:
                said = self.failure.error if self.failure else "-"
                return f"failed {self.attempts} times: {said}"

    def noted(self, error: Exception) -> "Place":
        """The same, still waiting, with the error that was found already."""
        return replace(self, failure=Failure.of(error), failed_at=host())

    def failed(self, error: Exception, *, attempts: int = ATTEMPTS) -> "Place":
        """The same after one more failure: to be tried again, or left for people once it failed `attempts` times."""
        at, failure = host(), Failure.of(error)
        if isinstance(error, Unknown):
            pause = min(FIRST * 2 ** min(self.waits, 10), LONGEST)
            return replace(
                self, state=PlaceState.UNKNOWN, failure=failure, failed_at=at, waits=self.waits + 1, again_at=at + pause
            )
        times = self.attempts + 1
        tried = replace(self, failure=failure, failed_at=at, attempts=times)
        if times >= attempts:
            first = self.state is not PlaceState.FAILED
            return replace(tried, state=PlaceState.FAILED, again_at=None, copy_due=self.copy_due or first)
        return replace(tried, state=PlaceState.FAILING, again_at=at + min(FIRST * 2 ** (times - 1), LONGEST))


def queue_of(handler: Handler, subject: str, copies: Mapping[str, str]) -> str:
    """Of a copy's queue the collection is part, so that one being filled has queues of its own."""
    return f"{copies.get(handler.name, handler.name)}|{subject}"


def place(queue: str, handler: Handler, message: Message, partition: int) -> Place:
    """One that waits for those before it."""
    return Place(
        id=f"{queue}#{message.sequence}", queue=queue, handler=handler.name, state=PlaceState.WAITING, since=host(),
        partition=partition, subject=message.subject, sequence=message.sequence, type=message.type,
        source=message.source, event_id=message.id, time=message.time, correlation=message.correlation,
        trace=message.trace, value=message.value,
    )  # fmt: skip


async def make_indexes(db: Database) -> None:
    waiting = db[Place.KIND]
    await waiting.create_index([("queue", 1), ("sequence", 1)])
    await waiting.create_index([("subject", 1)])
    await waiting.create_index([("failure.group", 1)])
    await waiting.create_index([("since", 1), ("_id", 1)])
    await waiting.create_index([("again_at", 1)], partialFilterExpression={"again_at": {"$type": "date"}})
    await waiting.create_index([("copy_due", 1)], partialFilterExpression={"copy_due": True})
