"""What can be done to a column. Each change of one writes the tree too."""

from datetime import datetime

from services.columns.domain import column as domain
from services.columns.domain.column import Column, Draft, Growth, Located
from services.columns.domain.department import Department
from services.columns.domain.tree import TREE, Rules, Tree
from services.kernel.domain.decision import Unit
from services.kernel.domain.person import Person


async def propose(unit: Unit, column_id: str, draft: Draft, *, rules: Rules, by: Person, at: datetime) -> Located:
    tree = await the_tree(unit)
    parent = await unit.look(Column, draft.parent_id) if draft.parent_id else None
    owner = await unit.look(Department, draft.profile.owner)
    return save(unit, domain.propose(tree, column_id, draft, parent=parent, owner=owner, rules=rules, by=by, at=at))


async def approve(unit: Unit, column_id: str, *, by: Person, at: datetime, expected: int | None = None) -> Located:
    column = await unit.get(Column, column_id, expected=expected)
    return save(unit, domain.approve(await the_tree(unit), column, by=by, at=at))


async def refuse(
    unit: Unit, column_id: str, *, reason: str, by: Person, at: datetime, expected: int | None = None
) -> Located:
    column = await unit.get(Column, column_id, expected=expected)
    return save(unit, domain.refuse(await the_tree(unit), column, reason=reason, by=by, at=at))


async def retire(
    unit: Unit, column_id: str, *, successor_id: str, reason: str, at: datetime, expected: int | None = None
) -> Located:
    column = await unit.get(Column, column_id, expected=expected)
    successor = await unit.look(Column, successor_id)
    return save(unit, domain.retire(await the_tree(unit), column, successor=successor, reason=reason, at=at))


async def the_tree(unit: Unit) -> Tree:
    """There is one tree. Before the first proposal it is empty and not stored yet."""
    return await unit.look(Tree, TREE) or Tree(id=TREE)


def save(unit: Unit, growth: Growth) -> Located:
    tree = unit.save(growth.tree)
    column = unit.save(growth.column)
    return Located(column, column.location(tree))
