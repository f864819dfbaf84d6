"""A small city for the tests of publishing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.kernel.contracts.columns import (
    Cadence,
    ColumnKind,
    ColumnOpened,
    ColumnRetired,
    DepartmentClass,
    DepartmentKind,
    DepartmentRegistered,
    Publishers,
)
from services.kernel.contracts.publishing import Ground, ItemKind
from services.kernel.domain.decision import Decision, S
from services.kernel.domain.event import Event, Message
from services.kernel.domain.person import Person, Role
from services.kernel.domain.terms import Terms
from services.publishing import store
from services.publishing.domain import (
    Column,
    Content,
    Duty,
    Item,
    Judgement,
    Ledger,
    Publishing,
    Verdict,
    draft,
    judge,
    open_for,
    publish,
    render,
    submit,
)

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 of a Monday in Shanghai
LATER = AT + timedelta(hours=1)
LONG_AGO = AT - timedelta(days=1_000)
WINDOWS, TAXONOMY = store.windows(), store.taxonomy()
NO_GROUND: Mapping[Ground, bool] = dict.fromkeys(Ground, False)


def person(role: Role, department: str = "finance", *, sub: str = "") -> Person:
    return Person(sub=sub or role, name=role, roles=frozenset({role}), departments=frozenset({department} - {""}))


EDITOR, REVIEWER, OFFICE = person(Role.EDITOR), person(Role.REVIEWER), person(Role.OFFICE, "office")
STRANGER = person(Role.EDITOR, "health", sub="stranger")
COLUMN = Column(
    id="c-budget", slug="budget", parent_id=None, name="财政预决算", owners=Terms[str]().since(LONG_AGO, "finance"),
    publishers=Publishers.OWNER,
)  # fmt: skip
CONTENT = Content(
    kind=ItemKind.DOCUMENT, column_id="c-budget", title="2026年市级预算", summary="摘要", body="# 预算\n\n正文。",
    disclosure_class="G07", document_number="清财〔2026〕1号", made_on=date(2026, 2, 27), keywords=("预算",),
)  # fmt: skip


def but(content: Content, **changes: Any) -> Content:
    """The same with other values."""
    return content.model_copy(update=changes)


OTHER = but(CONTENT, title="2026年市级预算（更正）")


def stored(state: S) -> S:
    """As it would come back from the store."""
    return replace(state, version=state.version + 1)


def drafted(content: Content = CONTENT, *, by: Person = EDITOR, at: datetime = AT) -> Item:
    return draft(
        "i1", content, department="finance", column=COLUMN, successors={}, taxonomy=TAXONOMY, by=by, at=at
    ).state


def submitted(item: Item | None = None) -> Item:
    return handed_in(item or drafted())


def handed_in(item: Item, *, column: Column = COLUMN, by: Person = EDITOR, at: datetime = AT) -> Item:
    """Submitted, its body rendered."""
    return submit(item, html=render(item.content.body), column=column, successors={}, by=by, at=at).state


def released(item: Item | None = None, *, by: Person = REVIEWER) -> Item:
    waiting = submitted(item)
    said = Judgement(verdict=Verdict.RELEASE, grounds=NO_GROUND, seen=waiting.content_hash)
    return judge(waiting, said, by=by, at=AT).state


def publishing(
    item: Item, *, ledger: Ledger | None = None, duty: Duty | None = None, column: Column = COLUMN, at: datetime = AT
) -> Publishing:
    return publish(
        item,
        ledger=ledger or Ledger(id="finance"),
        duty=duty,
        column=column,
        successors={},
        taxonomy=TAXONOMY,
        windows=WINDOWS,
        by=EDITOR,
        at=at,
    )


def published(item: Item | None = None) -> Item:
    return publishing(item or released()).item.state


def opened(
    cadence: Cadence = Cadence.NEWS, *, at: datetime = AT, heard_at: datetime | None = None
) -> Decision[Duty] | None:
    return open_for("c-budget", owner="finance", cadence=cadence, windows=WINDOWS, at=at, heard_at=heard_at or at)


def duty(cadence: Cadence = Cadence.NEWS, *, at: datetime = AT, heard_at: datetime | None = None) -> Duty:
    begun = opened(cadence, at=at, heard_at=heard_at)
    assert begun
    return begun.state


def department_registered(code: str, *, at: datetime = AT) -> DepartmentRegistered:
    return DepartmentRegistered(
        at=at, code=code, name=code, kind=DepartmentKind.GOVERNMENT, department_class=DepartmentClass.I,
        service_duties=True, letter_duties=True, phone="0763-3300001", address="清远市新城",
    )  # fmt: skip


def column_opened(
    column: str = "c-budget", *, cadence: Cadence = Cadence.NEWS, publishers: Publishers = Publishers.OWNER,
    at: datetime = AT,
) -> ColumnOpened:  # fmt: skip
    path = column.removeprefix("c-")
    above = path.rpartition("/")[0]
    return ColumnOpened(
        at=at, column_id=column, path=path, tree_version=1, name="栏目", parent_id=f"c-{above}" if above else None,
        level=path.count("/") + 1, position=1, kind=ColumnKind.DISCLOSURE, cadence=cadence, owner="finance",
        publishers=publishers, classes=(),
    )  # fmt: skip


def column_retired(column: str = "c-budget", *, at: datetime = LATER) -> ColumnRetired:
    return ColumnRetired(
        at=at, column_id=column, path=column.removeprefix("c-"), tree_version=2, successor_id="c-news", reason="合并"
    )


def message(event: Event, sequence: int = 1) -> Message:
    return Message(
        id=f"{event.subject}-{sequence}", type=event.TYPE, source=event.SOURCE, subject=event.subject,
        sequence=sequence, time=event.at, correlation="test", trace=None, value=event.model_dump_json().encode(),
    )  # fmt: skip
