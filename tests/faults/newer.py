"""The tree as a later version might be: a field, an event, a handler and a fold more."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.local.places import ROOT


@dataclass(frozen=True, slots=True)
class Patch:
    """Text that stands once in a file, and what the newer version has there."""

    path: str
    before: str
    after: str


EVENT = '''class ItemNoted(ItemEvent):
    """Somebody noted it down."""

    TYPE: ClassVar[str] = "item.noted"

    note: str


'''
HANDLER = '''@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Aggregate):
    """How often a column or a department was heard of."""

    KIND: ClassVar[str] = "notice"

    times: int = 0


class Noticed(Fact):
    """Kept only."""

    TYPE: ClassVar[str] = "notice.counted"


noticing = Effects("noticing")


async def noticed(unit: Unit, event: Event, _: datetime) -> None:
    known = await unit.look(Notice, event.subject) or Notice(id=event.subject)
    unit.save(Decision(replace(known, times=known.times + 1), (Noticed(at=event.at),)))


noticing.on(ColumnOpened)(noticed)
noticing.on(DepartmentRegistered)(noticed)

'''
FOLD = """@items.on(ItemNoted)
def noted(item: Item | None, event: ItemNoted) -> Item:
    before = item or Item(id=event.item_id, column_id=event.column_id, department=event.department)
    return replace(before, notes=(*before.notes, event.note))


"""
EXAMPLES = "services/kernel/contracts/examples.py"
CONTRACT, CONSUMERS = "services/kernel/contracts/publishing.py", "services/publishing/consumers.py"
ITEM, PUBLICATION = "services/publishing/domain/item.py", "services/publishing/domain/publication.py"
PROJECTION = "gateway/projections/publishing.py"

PATCHES = [
    # an optional field more on events that exist, and an event more
    Patch(
        CONTRACT,
        "    ledger: LedgerEntry | None = None\n\n\nclass ItemPublished",
        "    ledger: LedgerEntry | None = None\n    mark: str | None = None\n\n\nclass ItemPublished",
    ),
    Patch(CONTRACT, "class Activity(OpenEnum)", EVENT + "class Activity(OpenEnum)"),
    Patch(
        EXAMPLES,
        "    m.LetterClosed(**LETTER),\n",
        "    m.LetterClosed(**LETTER),\n    p.ItemNoted(**ITEM, note='记'),\n",
    ),
    # a field more on an aggregate's state, and the event told
    Patch(
        ITEM,
        "    created_at: datetime\n    changed_at: datetime\n",
        "    created_at: datetime\n    changed_at: datetime\n    mark: str | None = None\n",
    ),
    Patch(
        ITEM,
        "        created_at=at,\n        changed_at=at,\n",
        "        created_at=at,\n        changed_at=at,\n        mark=content.title,\n",
    ),
    Patch(PUBLICATION, "import Activity, ItemPublished", "import Activity, ItemNoted, ItemPublished"),
    Patch(
        PUBLICATION,
        "        review=review_record(item, review),\n",
        "        review=review_record(item, review),\n        mark=item.mark,\n",
    ),
    Patch(
        PUBLICATION,
        "    return Decision(after, (_told(item, shown, review, entry, html),))\n",
        "    noted = ItemNoted(\n"
        "        at=entry.at, item_id=item.id, revision=item.revision, column_id=shown.column_id,\n"
        "        department=item.department, note=item.mark or '-',\n"
        "    )\n"
        "    return Decision(after, (_told(item, shown, review, entry, html), noted))\n",
    ),
    # a handler more in a service that exists, of kinds that it listens to
    Patch(
        CONSUMERS,
        "from dataclasses import replace\n",
        "from dataclasses import dataclass, replace\nfrom typing import ClassVar\n",
    ),
    Patch(
        CONSUMERS,
        "decision import Unit\n",
        "decision import Aggregate, Decision, Unit\nfrom services.kernel.domain.event import Event, Fact\n",
    ),
    Patch(CONSUMERS, "HEARING = ", HANDLER + "HEARING = "),
    Patch(CONSUMERS, "departments, duties))", "departments, duties, noticing))"),
    # a fold more in the gateway
    Patch(PROJECTION, "    ItemKind,\n", "    ItemKind,\n    ItemNoted,\n"),
    Patch(
        PROJECTION,
        "    ground: Ground | None = None\n",
        "    ground: Ground | None = None\n    mark: str | None = None\n    notes: tuple[str, ...] = ()\n",
    ),
    Patch(PROJECTION, "updated_at=event.at, live=True,", "updated_at=event.at, live=True, mark=event.mark,"),
    Patch(PROJECTION, "@items.on(ItemWithdrawn)", FOLD + "@items.on(ItemWithdrawn)"),
]


def tree(folder: Path) -> Path:
    """This tree, copied there, with all of it."""
    for name in ("services", "gateway", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for patch in PATCHES:
        path = folder / patch.path
        text = path.read_text()
        assert text.count(patch.before) == 1, f"{patch.path}: {patch.before!r}"
        path.write_text(text.replace(patch.before, patch.after))
    return folder
