"""Questions about columns and the tree in which they stand."""

from collections.abc import Collection

from services.columns.domain.column import Column, ColumnState, Located
from services.columns.domain.tree import TREE, Tree
from services.kernel.contracts.columns import referred_to
from services.kernel.domain import refusals
from services.kernel.domain.decision import Reader


async def one(read: Reader, column_id: str) -> Located:
    """`Missing` if there is none. Asks again if it took or left its place between the two questions."""
    while True:
        found = await read.look(Column, column_id)
        if found is None:
            raise refusals.missing("column")(id=column_id)
        tree = await the_tree(read)
        if found.left or found.id in tree.places:
            return Located(found, found.location(tree))


async def the_tree(read: Reader) -> Tree:
    """Empty and at version 0 before the first proposal."""
    return await read.look(Tree, TREE) or Tree(id=TREE)


async def referred(read: Reader, reference: str) -> str:
    """The id of the column that people name by its id or by its path."""
    return referred_to(reference, (await the_tree(read)).places)


async def is_at(read: Reader, version: int) -> bool:
    """Whether the tree still is at a version. Index: _id."""
    return bool(await read.ids(Tree, {"_id": TREE, "version": version}, sort="_id", limit=1))


async def in_order(read: Reader, tree: Tree, states: Collection[ColumnState]) -> list[Located]:
    """The columns in these states, as the tree has them; after it those that left it, by path. All are read.

    What changed since the tree was read may be missing, or shown as it is by now: then the tree has another version.
    """
    found = {column.id: column for column in await read.find(Column, {}, sort="_id", limit=0)}
    standing = [Located(found[id], tree.location(id)) for id in tree.in_order() if id in found]
    gone = sorted((Located(c, c.left) for c in found.values() if c.left), key=lambda each: each.location.path)
    stays = {each.column.id for each in gone}
    every = [*(each for each in standing if each.column.id not in stays), *gone]
    return [each for each in every if each.column.state in states]
