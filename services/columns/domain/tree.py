"""The tree as one document, which every change of a column writes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from services.kernel.domain.decision import Aggregate
from services.kernel.domain.event import Fact

TREE = "tree"  # the id of the only one


class TreeChanged(Fact):
    """A column was proposed, opened, refused or retired. Kept only: the column itself tells other services."""

    TYPE: ClassVar[str] = "tree.changed"

    column_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What bounds the tree. Levels count from 1; `classes`: codes of the disclosure classes (art. 8)."""

    bureau_levels: int
    deepest: int
    classes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a column stands in the tree. `parent_id` None: at level 1. `position` orders siblings."""

    parent_id: str | None
    slug: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a column is found. `path`: the slugs from the root, joined by `/`."""

    path: str
    parent_id: str | None
    position: int

    @property
    def level(self) -> int:
        return self.path.count("/") + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree(Aggregate):
    """The places of the columns that stand, proposed or live, by the column's id.

    Paths follow from the places, so that a column takes along what is below it. Transactions do not see each other.
    They all write this document, so that two at once collide and rules over several columns hold.
    """

    KIND: ClassVar[str] = "tree"

    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def next_version(self) -> int:
        """The version that the tree will have once the change under way is saved."""
        return self.version + 1

    def location(self, column_id: str) -> Location:
        """Raises `KeyError` for a column that does not stand in the tree."""
        place = self.places[column_id]
        path = "/".join(reversed([self.places[id].slug for id in self.upwards(column_id)]))
        return Location(path=path, parent_id=place.parent_id, position=place.position)

    def upwards(self, column_id: str) -> Iterator[str]:
        """The column itself and those above it, up to level 1."""
        above: str | None = column_id
        while above is not None:
            yield above
            above = self.places[above].parent_id

    def children(self, parent_id: str | None) -> dict[str, Place]:
        """The places directly below a column, by id. None: those of level 1."""
        return {id: place for id, place in self.places.items() if place.parent_id == parent_id}

    def with_place(self, column_id: str, *, parent_id: str | None, slug: str) -> "Tree":
        """A column stands below another, after the last of those that stand there."""
        position = max((place.position for place in self.children(parent_id).values()), default=0) + 1
        place = Place(parent_id=parent_id, slug=slug, position=position)
        return replace(self, places={**self.places, column_id: place})

    def without(self, column_id: str) -> "Tree":
        return replace(self, places={id: place for id, place in self.places.items() if id != column_id})

    def in_order(self) -> Iterator[str]:
        """The ids of all columns that stand, each before those below it, siblings by position."""
        below = defaultdict(list)
        for id in sorted(self.places, key=lambda id: self.places[id].position):
            below[self.places[id].parent_id].append(id)

        def walk(parent_id: str | None) -> Iterator[str]:
            for id in below[parent_id]:
                yield id
                yield from walk(id)

        return walk(None)
