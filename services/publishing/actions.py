"""What can be asked of publishing: load, decide, save."""

import asyncio
from datetime import datetime

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.publishing import Activity, Ground
from services.kernel.domain.decision import Unit
from services.kernel.domain.person import Person
from services.kernel.domain.terms import Successors, all_successors
from services.publishing.domain import (
    Column,
    Content,
    Department,
    Duty,
    Item,
    Judgement,
    Ledger,
    Taxonomy,
    Windows,
    announce,
    close,
    draft,
    edit,
    follow,
    judge,
    must_be_submittable,
    open_for,
    publish,
    render,
    submit,
    wake,
    withdraw,
)


async def draft_item(
    unit: Unit, item_id: str, content: Content, *, department: str, taxonomy: Taxonomy, by: Person, at: datetime
) -> Item:
    await unit.known(Department, department)
    column = await unit.known(Column, content.column_id)
    successors = await all_successors(unit)
    return unit.save(
        draft(
            item_id, content, department=department, column=column, successors=successors, taxonomy=taxonomy,
            by=by, at=at,
        )
    )  # fmt: skip


async def edit_item(
    unit: Unit,
    item_id: str,
    content: Content,
    *,
    change_note: str | None,
    taxonomy: Taxonomy,
    by: Person,
    at: datetime,
    expected: int | None = None,
) -> Item:
    item = await unit.get(Item, item_id, expected=expected)
    column = await unit.known(Column, content.column_id)
    successors = await successors_for(unit, column, item.department, at=at)
    return unit.save(
        edit(
            item, content, change_note=change_note, column=column, successors=successors, taxonomy=taxonomy,
            by=by, at=at,
        )
    )  # fmt: skip


async def submit_item(unit: Unit, item_id: str, *, by: Person, at: datetime, expected: int | None = None) -> Item:
    item = await unit.get(Item, item_id, expected=expected)
    column = await unit.known(Column, item.content.column_id)
    successors = await successors_for(unit, column, item.department, at=at)
    must_be_submittable(item, column=column, successors=successors, by=by, at=at)
    html = await asyncio.to_thread(render, item.content.body)
    return unit.save(submit(item, html=html, column=column, successors=successors, by=by, at=at))


async def review_item(
    unit: Unit, item_id: str, said: Judgement, *, by: Person, at: datetime, expected: int | None = None
) -> Item:
    item = await unit.get(Item, item_id, expected=expected)
    return unit.save(judge(item, said, by=by, at=at))


async def publish_item(
    unit: Unit,
    item_id: str,
    *,
    taxonomy: Taxonomy,
    windows: Windows,
    by: Person,
    at: datetime,
    expected: int | None = None,
    loaded: bool = False,
) -> Item:
    """The ledger takes no moment after the database's, however far this host's clock is ahead."""
    item = await unit.get(Item, item_id, expected=expected)
    column = await unit.known(Column, item.content.column_id)
    published = publish(
        item,
        ledger=await unit.look(Ledger, item.department) or Ledger(id=item.department),
        duty=await unit.look(Duty, item.content.column_id),
        column=column,
        successors=await successors_for(unit, column, item.department, at=at),
        taxonomy=taxonomy,
        windows=windows,
        by=by,
        at=min(at, await unit.moment()),
        html=await asyncio.to_thread(render, item.content.body) if item.sealed and item.html is None else None,
        loaded=loaded,
    )
    unit.save(published.ledger)
    unit.save(published.publication)
    if published.duty:
        unit.save(published.duty)
    return unit.save(published.item)


async def withdraw_item(
    unit: Unit,
    item_id: str,
    *,
    reason: str,
    ground: Ground | None,
    by: Person,
    at: datetime,
    expected: int | None = None,
) -> Item:
    item = await unit.get(Item, item_id, expected=expected)
    return unit.save(withdraw(item, reason=reason, ground=ground, by=by, at=at))


async def successors_for(unit: Unit, column: Column, department: str, *, at: datetime) -> Successors:
    """Who succeeds whom, asked for only where it matters: the column's owner is another department by its code."""
    return await all_successors(unit) if column.is_anothers(department, at=at) else {}


async def open_duty(
    unit: Unit, column_id: str, *, owner: str, cadence: Cadence, windows: Windows, at: datetime, heard_at: datetime
) -> None:
    opened = open_for(column_id, owner=owner, cadence=cadence, windows=windows, at=at, heard_at=heard_at)
    if opened:
        unit.save(opened)


async def change_duty(
    unit: Unit, column_id: str, *, owner: str, cadence: Cadence, windows: Windows, at: datetime, heard_at: datetime
) -> None:
    """The column has another owner or cadence. Without a duty before, one begins if the cadence sets a window."""
    duty = await unit.look(Duty, column_id)
    changed = (
        follow(duty, owner=owner, cadence=cadence, windows=windows, at=at, heard_at=heard_at)
        if duty
        else open_for(
            column_id, owner=owner, cadence=cadence, windows=windows, because=Activity.CHANGED, at=at,
            heard_at=heard_at,
        )
    )  # fmt: skip
    if changed:
        unit.save(changed)


async def close_duty(unit: Unit, column_id: str, *, at: datetime) -> None:
    duty = await unit.look(Duty, column_id)
    if duty:
        unit.save(close(duty, at=at))


async def wake_duty(unit: Unit, column_id: str, *, at: datetime) -> Duty:
    return unit.save(wake(await unit.get(Duty, column_id), at=at))


async def announce_duty(unit: Unit, column_id: str, *, at: datetime) -> Duty:
    """Announce at once, for a past that is played: the patience of the present is for late events."""
    return unit.save(announce(await unit.get(Duty, column_id), at=at))
