"""Steps of an item's life, as tests take them."""

from services.kernel.contracts.publishing import Ground
from services.kernel.domain.decision import Decision
from services.kernel.domain.person import Person
from services.publishing.domain import Content, Item, Judgement, Verdict, edit, judge
from tests.publishing.examples import COLUMN, EDITOR, LATER, NO_GROUND, OTHER, REVIEWER, TAXONOMY


def told(decision: Decision[Item]) -> list[str]:
    return [fact.TYPE for fact in decision.facts]


def edited(item: Item, content: Content = OTHER, *, note: str | None = None, by: Person = EDITOR) -> Decision[Item]:
    return edit(item, content, change_note=note, column=COLUMN, successors={}, taxonomy=TAXONOMY, by=by, at=LATER)


def judged(
    item: Item, verdict: Verdict = Verdict.RELEASE, *, found: tuple[Ground, ...] = (), ground: Ground | None = None,
    note: str = "", seen: str | None = None, by: Person = REVIEWER,
) -> Decision[Item]:  # fmt: skip
    grounds = {**NO_GROUND, **dict.fromkeys(found, True)}
    said = Judgement(verdict=verdict, grounds=grounds, seen=seen or item.content_hash, ground=ground, note=note)
    return judge(item, said, by=by, at=LATER)
