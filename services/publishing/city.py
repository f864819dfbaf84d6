"""The demonstration city's five months of publishing, up to the day before the load.

They are played in order of time, through the same actions as the present.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from pydantic import BaseModel

from services.kernel.contracts.columns import path_of
from services.kernel.contracts.publishing import Ground, ItemKind
from services.kernel.domain.calendar import DAY, day_of
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Cause
from services.kernel.domain.event import Known
from services.kernel.domain.person import Person, Role
from services.kernel.running import city
from services.kernel.running.city import Moment, person
from services.kernel.running.program import Program
from services.kernel.storage.mongo import MongoReader
from services.kernel.storage.transaction import Transactor
from services.publishing import store
from services.publishing.actions import (
    announce_duty,
    draft_item,
    edit_item,
    publish_item,
    review_item,
    submit_item,
    withdraw_item,
)
from services.publishing.domain import Content, Judgement, Verdict, render

WHO = "city"
NO_GROUND = dict.fromkeys(Ground, False)
WRITING = timedelta(minutes=20)  # from saving a draft to submitting it
DUTIES = 1_000  # how many duties one look may find due
Act = Callable[[], Awaitable[object]]


class Returned(Moment):
    """The reviewer gave it back, with what to change."""

    note: str


class Withdrawn(Moment):
    """It was taken off the portal."""

    reason: str
    ground: Ground | None


class CityRevision(BaseModel):
    """A later revision of an item; its moments are seen from the item's day."""

    body: str
    change_note: str
    submitted: Moment
    reviewed: Moment
    published: Moment


class CityItem(BaseModel):
    """An item of `data/city.json`; its texts carry {y}, {m}, {d} of the day it was made.

    `ago`: how many days before the load its day lies, from which its moments are seen. `any_day`: not only when people
    are at work, as warnings are.
    """

    key: str
    ago: int
    any_day: bool = False
    kind: Known[ItemKind]
    column: str
    department: str
    title: str
    summary: str
    body: str
    disclosure_class: str | None
    document_number: str | None
    made: Moment
    submitted: Moment
    returned: Returned | None = None
    resubmitted: Moment | None = None
    reviewed: Moment | None = None
    published: Moment | None = None
    keywords: tuple[str, ...]
    revisions: tuple[CityRevision, ...] = ()
    withdrawn: Withdrawn | None = None

    @property
    def id(self) -> str:
        return f"city-{self.key}"

    def day(self, today: date) -> date:
        """The item's day, as seen from the day of the load: the next working day that is over by then, or the last."""
        day = today - self.ago * DAY
        if self.any_day:
            return day
        worked = city.at_work(day)
        return worked if worked < today else city.worked(day, -1)

    @property
    def editor(self) -> Person:
        return person(Role.EDITOR, self.department)

    @property
    def reviewer(self) -> Person:
        return person(Role.REVIEWER, self.department)

    def content(self, body: str, column_id: str, made: datetime) -> Content:
        return Content(
            kind=self.kind,
            column_id=column_id,
            title=city.text(self.title, made),
            summary=city.text(self.summary, made),
            body=city.text(body, made),
            disclosure_class=self.disclosure_class,
            document_number=city.text(self.document_number, made) if self.document_number else None,
            made_on=day_of(made),
            keywords=self.keywords,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Something done to an item.

    `number`: the item's version afterwards; a lower version means it has not been done yet.
    """

    item: CityItem
    number: int
    at: datetime
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All that happens to one item, whose day is `day`."""

    transact: Transactor
    item: CityItem
    column_id: str
    day: date

    def scenes(self) -> list[Scene]:
        """The scenes in order of time."""
        return [Scene(item=self.item, number=n, at=at, act=act) for n, (at, act) in enumerate(self._moments(), 1)]

    def _moments(self) -> Iterator[tuple[datetime, Act]]:
        item, content = self.item, self._content(self.item.body)
        draft = partial(self._do, draft_item, content, department=item.department, taxonomy=store.taxonomy())
        yield self._scene(draft, item.editor, item.submitted, before=WRITING)
        yield self._scene(partial(self._do, submit_item), item.editor, item.submitted)
        if item.returned:
            returned = self._review(Verdict.RETURN, content, note=item.returned.note)
            yield self._scene(returned, item.reviewer, item.returned)
        if item.resubmitted:
            yield self._scene(partial(self._do, submit_item), item.editor, item.resubmitted)
        yield from self._out(content, item.reviewed, item.published)
        for revision in item.revisions:
            yield from self._revised(revision)
        if item.withdrawn:
            reason, ground = item.withdrawn.reason, item.withdrawn.ground
            gone = partial(self._do, withdraw_item, reason=reason, ground=ground)
            yield self._scene(gone, item.editor, item.withdrawn)

    def _revised(self, revision: CityRevision) -> Iterator[tuple[datetime, Act]]:
        content, note = self._content(revision.body), revision.change_note
        edit = partial(self._do, edit_item, content, change_note=note, taxonomy=store.taxonomy())
        yield self._scene(edit, self.item.editor, revision.submitted, before=WRITING)
        yield self._scene(partial(self._do, submit_item), self.item.editor, revision.submitted)
        yield from self._out(content, revision.reviewed, revision.published)

    def _out(
        self, content: Content, reviewed: Moment | None, published: Moment | None
    ) -> Iterator[tuple[datetime, Act]]:
        if reviewed:
            yield self._scene(self._review(Verdict.RELEASE, content), self.item.reviewer, reviewed)
        if published:
            publish = partial(self._do, publish_item, taxonomy=store.taxonomy(), windows=store.windows(), loaded=True)
            yield self._scene(publish, self.item.editor, published)

    def _review(self, verdict: Verdict, content: Content, *, note: str = "") -> Callable[..., Awaitable[object]]:
        seen = content.hash_shown(render(content.body))
        said = Judgement(verdict=verdict, grounds=NO_GROUND, seen=seen, note=note)
        return partial(self._do, review_item, said)

    def _content(self, body: str) -> Content:
        return self.item.content(body, self.column_id, self.item.made.at(self.day))

    def _scene(
        self, act: Callable[..., Awaitable[object]], by: Person, moment: Moment, *, before: timedelta = timedelta()
    ) -> tuple[datetime, Act]:
        at = moment.at(self.day) - before
        return at, partial(act, by=by, at=at)

    async def _do(self, action: Callable[..., Awaitable[object]], *args: object, **kwargs: object) -> object:
        return await self.transact(action, self.item.id, *args, **kwargs)


async def load(program: Program) -> None:
    """Load the items once.

    An interrupted load goes on where it stopped. `SystemExit` if the database holds other items.
    """
    items = [CityItem.model_validate(each) for each in city.read(__file__)["items"]]
    reader = program.transact.reader()
    columns = await heard(reader, items)
    today = await city.begun(program, WHO) or day_of(now())
    transact = program.transact.because(Cause(who=WHO, request=WHO))
    lives = [Life(transact=transact, item=item, column_id=columns[item.column], day=item.day(today)) for item in items]
    versions = await store.versions(reader)
    missing = [scene for life in lives for scene in life.scenes() if scene.number > versions.get(scene.item.id, 0)]
    if not missing:
        return print("The city's items are already loaded.")
    if versions.keys() - {item.id for item in items}:
        raise SystemExit("This database holds other items: the city is loaded into an empty one only.")
    await play(transact, missing)
    print(f"Loaded {len(lives)} items in {len(missing)} steps.")


async def heard(reader: MongoReader, items: Sequence[CityItem]) -> Mapping[str, str]:
    """Wait until all columns and departments of the items have been heard of; ids of the columns by path."""
    paths, departments = {item.column for item in items}, {item.department for item in items}

    async def all_known() -> bool:
        return paths <= (await by_path(reader)).keys() and await store.know(reader, departments)

    await city.until("the columns and departments of the city", all_known)
    return await by_path(reader)


async def by_path(reader: MongoReader) -> dict[str, str]:
    """Ids of the live columns."""
    columns = await store.columns(reader)
    return {path_of(id, columns) or "": id for id, column in columns.items() if column.successor_id is None}


async def play(transact: Transactor, scenes: Sequence[Scene]) -> None:
    """Play the scenes in order of time, then announce the duties that came due since.

    What came due between two activities is told by the second, each with its own moment.
    """
    for scene in sorted(scenes, key=lambda scene: (scene.at, scene.item.key, scene.number)):
        await scene.act()
    end = now()
    for column_id in await store.duties_passed(transact.reader(), end, limit=DUTIES):
        await transact(announce_duty, column_id, at=end)
