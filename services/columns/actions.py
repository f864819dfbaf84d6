"""What can be asked of columns: load, decide, save."""

from datetime import datetime

from services.columns.domain import (
    TREE,
    Column,
    Department,
    DepartmentChange,
    Draft,
    Growth,
    Rules,
    Tree,
    approve,
    change,
    propose,
    refuse,
    register,
    retire,
)
from services.kernel.domain.decision import Unit
from services.kernel.domain.person import Person


async def register_department(unit: Unit, new: Department, *, at: datetime) -> Department:
    found = await unit.look(Department, new.code)
    return unit.save(register(found, new, at=at))


async def change_department(
    unit: Unit, code: str, wanted: DepartmentChange, *, at: datetime, expected: int | None = None
) -> Department:
    department = await unit.get(Department, code, expected=expected)
    return unit.save(change(department, wanted, at=at))


async def propose_column(unit: Unit, column_id: str, draft: Draft, *, rules: Rules, by: Person, at: datetime) -> Column:
    tree = await the_tree(unit)
    parent = await unit.look(Column, draft.parent_id) if draft.parent_id else None
    owner = await unit.look(Department, draft.owner)
    return save(unit, propose(tree, column_id, draft, parent=parent, owner=owner, rules=rules, by=by, at=at))


async def approve_column(
    unit: Unit, column_id: str, *, by: Person, at: datetime, expected: int | None = None
) -> Column:
    column = await unit.get(Column, column_id, expected=expected)
    return save(unit, approve(await the_tree(unit), column, by=by, at=at))


async def refuse_column(
    unit: Unit, column_id: str, *, reason: str, by: Person, at: datetime, expected: int | None = None
) -> Column:
    column = await unit.get(Column, column_id, expected=expected)
    return save(unit, refuse(await the_tree(unit), column, reason=reason, by=by, at=at))


async def retire_column(
    unit: Unit, column_id: str, *, successor_id: str, reason: str, at: datetime, expected: int | None = None
) -> Column:
    column = await unit.get(Column, column_id, expected=expected)
    successor = await unit.look(Column, successor_id)
    return save(unit, retire(await the_tree(unit), column, successor=successor, reason=reason, at=at))


async def the_tree(unit: Unit) -> Tree:
    """There is one tree. Before the first proposal it is empty and not stored yet."""
    return await unit.look(Tree, TREE) or Tree(id=TREE)


def save(unit: Unit, growth: Growth) -> Column:
    unit.save(growth.tree)
    return unit.save(growth.column)
