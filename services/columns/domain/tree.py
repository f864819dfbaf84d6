"""The tree as one document, which every change of a column writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
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
class Place:
    """Where a column stands; `position` orders siblings."""

    column_id: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree(Aggregate):
    """The columns that stand, proposed or live, by path.

    Transactions do not see each other. They all write this document, so that two at once collide and rules over
    several columns hold.
    """

    KIND: ClassVar[str] = "tree"

    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def next_version(self) -> int:
        """The version that the tree will have once the change under way is saved."""
        return self.version + 1

    def children(self, path: str) -> list[Place]:
        """The places directly below a path. The empty path is the root."""
        return [place for below, place in self.places.items() if below.rpartition("/")[0] == path]

    def next_position(self, path: str) -> int:
        """One more than the last position below a path."""
        return max((place.position for place in self.children(path)), default=0) + 1

    def with_column(self, path: str, place: Place) -> "Tree":
        return replace(self, places={**self.places, path: place})

    def without(self, path: str) -> "Tree":
        return replace(self, places={p: place for p, place in self.places.items() if p != path})

    def changed(self, column_id: str, path: str, at: datetime) -> TreeChanged:
        return TreeChanged(at=at, column_id=column_id, path=path)
