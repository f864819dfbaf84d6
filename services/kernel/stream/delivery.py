"""A message on its way to a handler, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from services.kernel.domain.decision import Away, Busy
from services.kernel.domain.event import EVENTS, Message
from services.kernel.stream.bus import BUS_ERRORS
from services.kernel.stream.consumer import Handler
from services.kernel.stream.queue import Place, PlaceState
from services.kernel.telemetry import DEAD_LETTERS, HANDLED, log

NOT_ITS_FAULT = (Away, Busy, httpx.TransportError, TimeoutError, *BUS_ERRORS)


class Spoilt(Exception):
    """An effect failed after a question had its saves written. Only the whole transaction can take them back."""


def cause(error: Exception) -> Exception:
    """The error to report for a failed transaction."""
    return error.__cause__ if isinstance(error, Spoilt) and isinstance(error.__cause__, Exception) else error


class Foreign(Handler):
    """Takes what nobody here can read. It has queues like any other handler, for people."""

    name = "unreadable"

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset({"unreadable"})


FOREIGN = Foreign()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message for one handler. `trouble`: an error known beforehand. `past`: only the guard moves."""

    handler: Handler
    message: Message
    partition: int = 0
    trouble: Exception | None = None
    past: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery. `word` names it for the metric; `place` is set if it got one."""

    message: Message
    word: str
    place: Place | None = None


def overtakes(message: Message) -> bool:
    """Whether the message withdraws or hides something: it is folded at once, even while earlier ones wait."""
    event = EVENTS.get(message.type)
    return event is not None and event.OVERTAKES


def report(outcomes: Sequence[Outcome]) -> bool:
    """Count what became of messages, log what people must know, and say whether any was handled."""
    for outcome in outcomes:
        message, place = outcome.message, outcome.place
        type_ = message.type if message.type in EVENTS or message.type == FOREIGN.name else "other"
        HANDLED.labels(type=type_, outcome=outcome.word).inc()
        about = {"type": message.type, "subject": message.subject, "sequence": message.sequence, "id": message.id}
        if outcome.word == "contradicts":
            log.error("message.contradicts", **about)
        elif place and place.state in (PlaceState.FAILING, PlaceState.FAILED) and place.failure:
            why = {"handler": place.handler, "error": place.failure.error, "where": place.failure.where}
            say = log.error if place.state is PlaceState.FAILED else log.warning
            say(f"message.{place.state}", **about, **why, times=place.attempts)
            if place.state is PlaceState.FAILED:
                DEAD_LETTERS.labels(type=type_).inc()
    return any(outcome.word == "handled" for outcome in outcomes)
