"""Any life of a small city, in any order of hearing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import strategies as st

from services.kernel.contracts.columns import Cadence, DepartmentClass
from services.kernel.contracts.publishing import Activity, Ground
from services.kernel.domain.event import Message
from tests.scoring.story import OPENING, Story, on

CODES = ("finance", "health", "transport")
CODE = st.sampled_from(CODES)
MOMENT = st.builds(
    lambda day, hour, month: on(day, f"{hour:02}:00", month=month),
    st.integers(1, 30), st.integers(0, 23), st.sampled_from([8, 9, 9, 9, 10]),
)  # fmt: skip

FAR = st.sampled_from(
    [datetime(1, 1, 3, tzinfo=UTC), datetime(1850, 5, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)]
)
ANY = st.one_of(MOMENT, MOMENT, MOMENT, FAR)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any life of a small city: clocks that were set back, letters answered twice, receipts never heard of."""
    story = Story()
    for code in CODES:
        story.department(code, draw(st.sampled_from(DepartmentClass)))
        story.column(f"c-{code}", code, at=draw(ANY), cadence=draw(st.sampled_from([Cadence.NEWS, Cadence.NONE])))
        for at in [OPENING, *draw(st.lists(ANY, max_size=8))]:
            due = draw(ANY)
            story.refreshed(f"c-{code}", code, at=at, due_at=due, because=draw(st.sampled_from(Activity)))
        if draw(st.booleans()):
            story.retired(f"c-{code}", at=draw(ANY))
    if draw(st.booleans()):
        story.department("health", DepartmentClass.I, at=draw(ANY), name="市卫生健康局")
    for code, successor, since in draw(st.lists(st.tuples(CODE, CODE, ANY), max_size=2)):
        story.merged(code, successor, at=draw(ANY), since=since)
    for n, (code, at, whole) in enumerate(draw(st.lists(st.tuples(CODE, ANY, st.booleans()), max_size=9))):
        story.published(f"i{n}", code, at=at, by_another=whole)
        if draw(st.booleans()):
            story.published(f"i{n}", code, at=draw(ANY), revision=2)
        if draw(st.integers(0, 4)) == 0:
            story.withdrawn(f"i{n}", code, at=draw(ANY), ground=draw(st.sampled_from([None, *Ground])))
    for n in range(draw(st.integers(0, 6))):
        live(draw, story, f"L{n}")
    return story


def live(draw: st.DrawFn, story: Story, letter: str) -> None:
    code, due = draw(CODE), draw(ANY)
    if draw(st.integers(0, 5)):
        story.received(letter, code, at=draw(ANY), due_at=due)
    for step in draw(st.lists(st.sampled_from(["moved", "redated", "answered", "closed"]), max_size=4)):
        other, at = draw(CODE), draw(ANY)
        match step:
            case "moved":
                story.transferred(letter, code, other, at=at)
            case "redated":
                story.redated(letter, other, at=at, due_at=draw(ANY))
            case "answered":
                story.answered(letter, other, at=at, due_at=due)
            case _:
                story.closed(letter, other, at=at)


def as_heard(draw: st.DrawFn, messages: Sequence[Message]) -> list[Message]:
    """Any order of hearing in which each aggregate's facts keep theirs."""
    order = draw(st.permutations([message.subject for message in messages]))
    waiting = {subject: iter([m for m in messages if m.subject == subject]) for subject in order}
    return [next(waiting[subject]) for subject in order]


heard = st.composite(as_heard)
