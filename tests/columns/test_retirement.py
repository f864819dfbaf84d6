"""A column that goes: its readers are sent on, and nothing below it is orphaned."""

import pytest

from services.columns.domain.column import Column, ColumnState, retire
from services.columns.domain.tree import TreeChanged
from services.kernel.contracts.columns import ColumnRetired
from services.kernel.domain.decision import Refused
from tests.columns.examples import LATER, column, id_of, location, tree


def test_a_retired_column_leaves_the_tree_and_says_where_its_readers_go() -> None:
    said = retire(tree("budget", "news"), column("budget"), successor=column("news"), reason="合并", at=LATER)

    assert set(said.tree.state.places) == {"c-news"}
    assert (said.column.state.state, said.column.state.successor_id) == (ColumnState.RETIRED, "c-news")
    assert said.column.state.left == location("budget")
    told = ColumnRetired(
        at=LATER, column_id="c-budget", path="budget", tree_version=8, successor_id="c-news", reason="合并"
    )
    assert said.column.facts == (told,)
    assert said.tree.facts == (TreeChanged(at=LATER, column_id="c-budget", path="budget"),)


@pytest.mark.parametrize(
    ("successor", "code"),
    [
        (None, "column.successor_unknown"),
        (column("budget"), "column.successor_not_live"),
        (column("news", ColumnState.PROPOSED), "column.successor_not_live"),
        (column("news", ColumnState.RETIRED), "column.successor_not_live"),
    ],
)
def test_the_readers_of_a_retired_column_go_to_another_live_one(successor: Column | None, code: str) -> None:
    with pytest.raises(Refused) as no:
        retire(tree("budget", "news"), column("budget"), successor=successor, reason="合并", at=LATER)

    assert no.value.code == code


def test_a_column_with_columns_below_stays_even_where_they_are_only_proposed() -> None:
    with pytest.raises(Refused) as no:
        retire(tree("info", "info/budget", "news"), column("info"), successor=column("news"), reason="合并", at=LATER)

    assert no.value.code == "column.has_children"
    assert id_of("info/budget") in no.value.detail


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ColumnState.PROPOSED, "column.not_live"),
        (ColumnState.REFUSED, "column.closed"),
        (ColumnState.RETIRED, "column.closed"),
    ],
)
def test_only_a_live_column_is_retired(state: ColumnState, code: str) -> None:
    with pytest.raises(Refused) as no:
        retire(tree("budget", "news"), column("budget", state), successor=column("news"), reason="合并", at=LATER)

    assert no.value.code == code
