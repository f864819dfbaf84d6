"""Lives of letters and items as their services tell them: a log of any length."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from services.kernel.contracts.examples import AT, EXAMPLES
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.event import Event, Message

TOGETHER = 1_000  # lives that go on at the same time: no batch holds two events of one of them
BODY = f"<p>{'正文' * 200}</p>"
KINDS = list(LetterKind)

Step = Callable[[int], dict[str, object]]


def letter(n: int) -> dict[str, object]:
    return {"letter_id": f"l{n}", "department": f"d{n % 40}"}


def received(n: int) -> dict[str, object]:
    return {**letter(n), "kind": KINDS[n % len(KINDS)]}


def rated(n: int) -> dict[str, object]:
    return {**letter(n), "stars": n % 5 + 1}


def item(n: int) -> dict[str, object]:
    return {"item_id": f"i{n}", "department": f"d{n % 40}", "title": f"信息{n}", "body": BODY}


LIFE: list[tuple[str, int, Step]] = [
    ("letter.received", 1, received),
    ("item.published", 1, item),
    ("letter.accepted", 2, letter),
    ("letter.answered", 3, letter),
    ("item.revised", 2, item),
    ("letter.rated", 4, rated),
]
"""What is told of one letter and one item, with each event's sequence."""


def told(count: int) -> Iterator[list[Message]]:
    """At least `count` events, in portions."""
    for start in range(0, -(-count // len(LIFE)), TOGETHER):
        for hours, (type_, sequence, fields) in enumerate(LIFE):
            at = AT + timedelta(hours=hours)
            example = EXAMPLES[type_].model_copy(update={"at": at})
            lives = range(start, start + TOGETHER)
            yield [message(example.model_copy(update=fields(n)), sequence) for n in lives]


def message(event: Event, sequence: int) -> Message:
    return Message(
        id=f"{event.subject}-{sequence}", type=event.TYPE, source=event.SOURCE, subject=event.subject,
        sequence=sequence, time=event.at, correlation="bench", trace=None, value=event.model_dump_json().encode(),
    )  # fmt: skip
