"""Whatever is proposed, decided and retired, in whatever order: the tree stays a tree."""

from contextlib import suppress
from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.columns.domain.column import Column, ColumnState, Growth, approve, propose, refuse, retire
from services.columns.domain.department import Department
from services.columns.domain.tree import TREE, Location, Tree
from services.kernel.contracts.columns import ColumnEvent
from services.kernel.domain.decision import Refused
from services.kernel.domain.person import Person, Role
from tests.columns.examples import AT, DRAFT, FINANCE, LATER, LEADERS, RULES

STANDING = {ColumnState.PROPOSED, ColumnState.LIVE}
PLANNER = Person(
    sub="planner", name="planner", roles=frozenset({Role.IT_BUREAU, Role.EDITOR}), departments=frozenset({"finance"})
)


@dataclass
class City:
    """The columns as they would be stored, and every event in order."""

    tree: Tree
    columns: dict[str, Column]
    told: list[ColumnEvent]

    def save(self, growth: Growth) -> None:
        for fact in growth.column.facts:
            assert isinstance(fact, ColumnEvent)
            self.told.append(fact)
        if growth.tree.facts:
            self.tree = replace(growth.tree.state, version=self.tree.version + 1)
        self.columns[growth.column.state.id] = growth.column.state


class Growing(RuleBasedStateMachine):
    """Anybody tries anything; what the domain refuses changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.city = City(Tree(id=TREE), {}, [])

    def some(self, data: st.DataObject) -> Column:
        """Any column, live ones as often as all together: most that is interesting happens to them."""
        every = list(self.city.columns.values())
        live = [column for column in every if column.state == ColumnState.LIVE]
        return data.draw(st.sampled_from(live or every) | st.sampled_from(every))

    @rule(
        data=st.data(), slug=st.sampled_from(["a", "b"]), at_root=st.booleans(), owner=st.sampled_from([FINANCE, None])
    )
    def propose(self, data: st.DataObject, slug: str, at_root: bool, owner: Department | None) -> None:
        parent = None if at_root or not self.city.columns else self.some(data)
        draft = replace(DRAFT, slug=slug, parent_id=parent.id if parent else None)
        with suppress(Refused):
            id = f"c-{len(self.city.columns)}"
            tree = self.city.tree
            self.city.save(propose(tree, id, draft, parent=parent, owner=owner, rules=RULES, by=PLANNER, at=AT))

    @rule()
    def open_below_the_deepest(self) -> None:
        live = [column for column in self.city.columns.values() if column.state == ColumnState.LIVE]
        parent = max(live, key=lambda column: self.at(column).level, default=None)
        draft, id = replace(DRAFT, parent_id=parent.id if parent else None), f"c-{len(self.city.columns)}"
        with suppress(Refused):
            tree = self.city.tree
            self.city.save(propose(tree, id, draft, parent=parent, owner=FINANCE, rules=RULES, by=PLANNER, at=AT))
            self.city.save(approve(self.city.tree, self.city.columns[id], by=LEADERS, at=LATER))

    @precondition(lambda self: self.city.columns)
    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        with suppress(Refused):
            self.city.save(approve(self.city.tree, self.some(data), by=LEADERS, at=LATER))

    @precondition(lambda self: self.city.columns)
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        with suppress(Refused):
            self.city.save(refuse(self.city.tree, self.some(data), reason="不", by=LEADERS, at=LATER))

    @precondition(lambda self: self.city.columns)
    @rule(data=st.data())
    def retire(self, data: st.DataObject) -> None:
        with suppress(Refused):
            column, successor = self.some(data), self.some(data)
            self.city.save(retire(self.city.tree, column, successor=successor, reason="合并", at=LATER))

    def at(self, column: Column) -> Location:
        return column.location(self.city.tree)

    def walked(self, parent_id: str | None) -> list[str]:
        below = [column for column in self.standing if self.at(column).parent_id == parent_id]
        below.sort(key=lambda column: self.at(column).position)
        return [id for column in below for id in (column.id, *self.walked(column.id))]

    @property
    def standing(self) -> list[Column]:
        return [column for column in self.city.columns.values() if column.state in STANDING]

    @invariant()
    def siblings_differ(self) -> None:
        paths = [self.at(column).path for column in self.standing]
        assert len(set(paths)) == len(paths)
        positions = [(self.at(column).parent_id, self.at(column).position) for column in self.standing]
        assert len(set(positions)) == len(positions)

    @invariant()
    def it_is_not_too_deep(self) -> None:
        assert all(1 <= self.at(column).level <= RULES.deepest for column in self.city.columns.values())

    @invariant()
    def nobody_is_an_orphan(self) -> None:
        for column in self.standing:
            where = self.at(column)
            if where.parent_id is None:
                assert where.level == 1
            else:
                parent = self.city.columns[where.parent_id]
                assert parent.state == ColumnState.LIVE
                assert where.level == self.at(parent).level + 1
                assert where.path.startswith(f"{self.at(parent).path}/")

    @invariant()
    def the_tree_knows_what_stands(self) -> None:
        assert self.city.tree.places.keys() == {column.id for column in self.standing}
        assert list(self.city.tree.in_order()) == self.walked(None)

    @invariant()
    def readers_of_what_is_retired_arrive(self) -> None:
        for column in self.city.columns.values():
            followed = {column.id}
            while column.state == ColumnState.RETIRED:
                assert column.successor_id is not None
                column = self.city.columns[column.successor_id]
                assert column.id not in followed
                followed.add(column.id)

    @invariant()
    def every_event_has_its_own_version_of_the_tree(self) -> None:
        assert [event.tree_version for event in self.city.told] == list(range(1, self.city.tree.version + 1))


TestGrowing = Growing.TestCase
TestGrowing.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
