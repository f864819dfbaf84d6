"""Items: as cards in lists, and one with its revisions or its tombstone."""

import asyncio
from collections.abc import Mapping
from typing import Any

from gateway import refusals
from gateway.projections import Card, Item, Revision, revision_id
from gateway.store.reading import NEWEST, Reading
from gateway.views import CardView, ItemView, RevisionView, Tombstone
from services.kernel.contracts.publishing import ItemKind
from services.kernel.domain.markup import clean
from services.kernel.http.listing import Listing, Portion


def card(reading: Reading, item: Card) -> CardView:
    assert item.kind
    assert item.published_at
    assert item.updated_at
    return CardView(
        id=item.id, title=item.title or "", summary=item.summary or "", kind=item.kind,
        column=reading.few.column(item.column_id), department=reading.few.department(item.department),
        index_number=item.index_number or "", document_number=item.document_number,
        published_at=item.published_at, updated_at=item.updated_at, revision=item.revision,
    )  # fmt: skip


async def latest(reading: Reading, *where: Mapping[str, Any], limit: int) -> list[CardView]:
    return [card(reading, item) for item in await reading.cards(*where, limit=limit)]


async def of_kinds(reading: Reading, *kinds: ItemKind, limit: int) -> list[CardView]:
    """Index: kind, live, published_at."""
    return await latest(reading, {"kind": {"$in": list(kinds)}}, limit=limit)


async def listing(reading: Reading, *where: Mapping[str, Any], portion: Portion) -> Listing[CardView]:
    """Of all these filters together. Index: column_id or department, live, published_at."""
    found = await reading.cards(*where, limit=portion.reach, after=portion.after)
    return portion.listing(found, sort=NEWEST, view=lambda item: card(reading, item))


async def item(reading: Reading, id: str, revision: int | None = None) -> ItemView | Tombstone:
    """The latest revision, or the one asked for; `Missing` where there is none."""
    reading.basis.on(f"item:{id}", f"seen:{id}")
    found = await reading.read.look(Item, id)
    if found is None:
        raise refusals.NO_ITEM(item=id)
    if found.withdrawn_at:
        return tombstone(reading, found)
    asked = reading.read.look(Revision, revision_id(id, revision or found.revision))
    shown, all_of_them, seen = await asyncio.gather(asked, revisions(reading, id), reading.kept.first_seen_at(id))
    if shown is None:
        raise refusals.NO_REVISION(item=id, revision=revision)
    base = card(reading, found)
    return ItemView(
        **shown.content.model_dump(exclude={"body"}),
        body=await asyncio.to_thread(clean, shown.content.body),
        id=base.id, column=base.column, department=base.department, index_number=base.index_number,
        published_at=base.published_at, updated_at=shown.at, revision=shown.number, latest_revision=found.revision,
        change_note=shown.change_note, revisions=all_of_them, trail=reading.few.trail(found.column_id),
        column_kind=reading.few.kind_of(found.column_id),
        content_hash=shown.content_hash, hash_version=shown.hash_version, ledger=shown.ledger,
        first_seen_at=seen,
    )  # fmt: skip


async def revisions(reading: Reading, id: str) -> list[RevisionView]:
    """All public ones, oldest first, without their texts. Index: item_id, number."""
    brief = {"number": 1, "at": 1, "change_note": 1}
    found = reading.read.documents(Revision).find({"item_id": id}, brief).sort("number", 1)
    return [RevisionView(number=r["number"], at=r["at"], change_note=r["change_note"]) async for r in found]


def tombstone(reading: Reading, item: Item) -> Tombstone:
    assert item.withdrawn_at
    return Tombstone(
        id=item.id, index_number=item.index_number, column=reading.few.column(item.column_id),
        department=reading.few.department(item.department), published_at=item.published_at,
        withdrawn_at=item.withdrawn_at, reason=item.withdrawn_because or "", ground=item.ground,
    )  # fmt: skip


async def with_seen(reading: Reading, view: ItemView | Tombstone) -> ItemView | Tombstone:
    """The same, and when the portal was found to show it so."""
    if isinstance(view, Tombstone):
        return view.model_copy(update={"gone_at": await reading.kept.seen_at(f"{view.id}/gone")})
    return view.model_copy(update={"seen_at": await reading.kept.seen_at(f"{view.id}/{view.revision}")})
