"""The life of one column, and who may do what to it."""

from dataclasses import replace

import pytest

from services.columns.domain.column import Column, ColumnState, Draft, Growth, approve, propose, refuse
from services.columns.domain.department import Department
from services.columns.domain.tree import Place, Tree, TreeChanged
from services.kernel.contracts.columns import ColumnOpened, ColumnProposed, ColumnRefused
from services.kernel.domain.decision import Decision, Forbidden, Refused
from services.kernel.domain.person import Person, Role
from tests.columns.examples import AT, BUREAU, DRAFT, EDITOR, FINANCE, LATER, LEADERS, RULES, column, person, tree


def classed(classes: tuple[str, ...]) -> Draft:
    return replace(DRAFT, profile=DRAFT.profile.model_copy(update={"classes": classes}))


def proposed(
    draft: Draft = DRAFT,
    *,
    standing: Tree | None = None,
    parent: Column | None = None,
    owner: Department | None = FINANCE,
    by: Person = BUREAU,
) -> Growth:
    draft = replace(draft, parent_id=parent.id) if parent else draft
    return propose(standing or tree(), "c-new", draft, parent=parent, owner=owner, rules=RULES, by=by, at=AT)


def test_a_proposal_takes_its_place_in_the_tree_and_is_told_with_the_version_that_will_have() -> None:
    grown = proposed(standing=tree("news", version=7))

    assert grown.tree.state.places["c-new"] == Place(parent_id=None, slug="budget", position=2)
    assert grown.tree.facts == (TreeChanged(at=AT, column_id="c-new", path="budget"),)
    assert (grown.column.state.state, grown.column.state.proposed_by) == (ColumnState.PROPOSED, BUREAU.sub)
    [fact] = grown.column.facts
    assert isinstance(fact, ColumnProposed)
    assert (fact.path, fact.level, fact.position, fact.tree_version) == ("budget", 1, 2, 8)


def test_a_proposal_below_a_column_continues_its_path() -> None:
    grown = proposed(standing=tree("info"), parent=column("info"))

    where = grown.column.state.location(grown.tree.state)
    assert (where.path, where.level, where.parent_id, where.position) == ("info/budget", 2, "c-info", 1)
    [fact] = grown.column.facts
    assert isinstance(fact, ColumnProposed)
    assert (fact.path, fact.level, fact.parent_id, fact.position) == ("info/budget", 2, "c-info", 1)


def test_a_proposal_comes_after_the_last_of_its_siblings_even_where_one_has_left() -> None:
    standing = tree("a", "b", "c").without("c-b")

    grown = proposed(standing=standing)

    assert grown.tree.state.places["c-new"].position == 4


def test_classes_are_kept_in_order_and_once() -> None:
    grown = proposed(classed(("G15", "G07", "G15")))

    assert grown.column.state.profile.classes == ("G07", "G15")


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("by", [EDITOR, LEADERS, person(Role.OFFICE)], ids=lambda by: by.sub)
def test_the_upper_levels_are_proposed_by_the_it_bureau_alone(level: int, by: Person) -> None:
    parent = column("info") if level == 2 else None

    with pytest.raises(Forbidden) as no:
        proposed(standing=tree("info"), parent=parent, by=by)

    assert no.value.code == "column.bureau_only"


def test_below_level_two_the_owner_of_the_column_above_proposes() -> None:
    grown = proposed(standing=tree("info", "info/money"), parent=column("info/money"), by=EDITOR)

    assert grown.column.state.proposed_by == EDITOR.sub
    assert grown.tree.state.location("c-new").level == 3


def test_below_level_two_the_new_column_may_be_another_departments() -> None:
    parent = column("info/money", owner="office")
    by = person(Role.EDITOR, "office")

    grown = proposed(standing=tree("info", "info/money"), parent=parent, by=by)

    assert grown.column.state.profile.owner == "finance"


@pytest.mark.parametrize(
    "by",
    [BUREAU, person(Role.EDITOR, "health"), person(Role.REVIEWER, "finance"), person(Role.OFFICE)],
    ids=lambda by: f"{by.sub} of {', '.join(by.departments) or 'none'}",
)
def test_below_level_two_nobody_else_proposes_not_even_the_bureau(by: Person) -> None:
    with pytest.raises(Forbidden) as no:
        proposed(standing=tree("info", "info/money"), parent=column("info/money"), by=by)

    assert no.value.code == "column.owner_only"


DEEP = "a/b/c/d/e"
DOWN_TO_IT = [DEEP[:end] for end in range(1, len(DEEP) + 1, 2)]


@pytest.mark.parametrize(
    ("growing", "code"),
    [
        (lambda: proposed(standing=tree("budget")), "column.slug_taken"),
        (lambda: proposed(replace(DRAFT, parent_id="c-none")), "column.parent_unknown"),
        (lambda: proposed(parent=column("info", ColumnState.PROPOSED)), "column.parent_not_live"),
        (lambda: proposed(parent=column("info", ColumnState.RETIRED)), "column.parent_not_live"),
        (lambda: proposed(owner=None), "column.owner_unknown"),
        (lambda: proposed(classed(("G07", "G99"))), "column.class_unknown"),
        (lambda: proposed(standing=tree(*DOWN_TO_IT), parent=column(DEEP), by=EDITOR), "column.too_deep"),
    ],
)
def test_a_proposal_must_fit(growing: object, code: str) -> None:
    assert callable(growing)
    with pytest.raises(Refused) as no:
        growing()

    assert no.value.code == code


def test_the_same_slug_below_another_column_is_free() -> None:
    grown = proposed(standing=tree("budget", "info"), parent=column("info"))

    assert grown.tree.state.location("c-new").path == "info/budget"
    assert set(grown.tree.state.places) == {"c-budget", "c-info", "c-new"}


def test_an_approved_column_is_live_and_told_with_everything_others_need() -> None:
    opened = approve(tree("budget"), column("budget", ColumnState.PROPOSED), by=LEADERS, at=LATER)

    assert opened.column.state.state == ColumnState.LIVE
    [fact] = opened.column.facts
    assert isinstance(fact, ColumnOpened)
    assert (fact.column_id, fact.path, fact.owner, fact.tree_version) == ("c-budget", "budget", "finance", 8)
    assert opened.tree == Decision(tree("budget"), (TreeChanged(at=LATER, column_id="c-budget", path="budget"),))


def test_a_refused_column_leaves_the_tree_and_its_slug_is_free() -> None:
    said = refuse(tree("budget", "news"), column("budget", ColumnState.PROPOSED), reason="重复", by=LEADERS, at=LATER)

    assert set(said.tree.state.places) == {"c-news"}
    assert said.column.state.left == tree("budget", "news").location("c-budget")
    assert (said.column.state.state, said.column.state.reason) == (ColumnState.REFUSED, "重复")
    told = ColumnRefused(at=LATER, column_id="c-budget", path="budget", tree_version=8, reason="重复")
    assert said.column.facts == (told,)


@pytest.mark.parametrize("deciding", [approve, lambda *of, **how: refuse(*of, reason="不", **how)])
def test_nobody_decides_on_what_they_proposed(deciding: object) -> None:
    assert callable(deciding)
    own = replace(column("budget", ColumnState.PROPOSED), proposed_by=LEADERS.sub)

    with pytest.raises(Forbidden) as no:
        deciding(tree("budget"), own, by=LEADERS, at=LATER)

    assert no.value.code == "column.own_proposal"


def test_the_same_decision_again_changes_nothing() -> None:
    live, refused = column("budget"), replace(column("budget", ColumnState.REFUSED), reason="重复")

    assert approve(tree("budget"), live, by=LEADERS, at=LATER) == (Decision(tree("budget")), Decision(live))
    assert refuse(tree(), refused, reason="另一", by=LEADERS, at=LATER) == (Decision(tree()), Decision(refused))


@pytest.mark.parametrize("state", [ColumnState.REFUSED, ColumnState.RETIRED])
def test_what_is_closed_is_not_approved(state: ColumnState) -> None:
    with pytest.raises(Refused) as no:
        approve(tree(), column("budget", state), by=LEADERS, at=LATER)

    assert no.value.code == "column.closed"


@pytest.mark.parametrize(("state", "code"), [(ColumnState.LIVE, "column.live"), (ColumnState.RETIRED, "column.closed")])
def test_only_a_proposal_is_refused(state: ColumnState, code: str) -> None:
    with pytest.raises(Refused) as no:
        refuse(tree(), column("budget", state), reason="不", by=LEADERS, at=LATER)

    assert no.value.code == code
