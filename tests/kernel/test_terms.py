"""What holds from a moment on, and who answers for a department then."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.domain.terms import Successors, Term, Terms, answers_for, who_answers

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 9).map(lambda n: BEGIN + timedelta(days=n))
CODES = st.sampled_from(["a", "b", "c", "d", "e", "nobody_told_of"])
ENDED = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e"]), st.dictionaries(MOMENTS, CODES, min_size=1))


def day(n: int) -> datetime:
    return BEGIN + timedelta(days=n)


def terms(held: Mapping[datetime, str]) -> Terms[str]:
    return Terms(tuple(Term(moment, held[moment]) for moment in sorted(held)))


def successors(**ended: Mapping[int, str]) -> Successors:
    """`a={3: "b"}`: from the third day on `b` answers for what was `a`'s."""
    return {code: terms({day(n): value for n, value in held.items()}) for code, held in ended.items()}


def test_a_value_holds_from_its_moment_until_that_of_the_next() -> None:
    owners = Terms[str]().since(day(1), "finance").since(day(5), "health")

    assert owners.as_of(day(1) - timedelta(milliseconds=1)) is None
    assert owners.as_of(day(1)) == "finance"
    assert owners.as_of(day(5) - timedelta(milliseconds=1)) == "finance"
    assert owners.as_of(day(5)) == owners.as_of(day(900)) == "health"
    assert owners.next_change(day(0)) == day(1)
    assert owners.next_change(day(1)) == day(5)
    assert owners.next_change(day(5)) is None


def test_what_is_said_again_of_a_moment_takes_the_place_of_what_was_said_before() -> None:
    assert Terms[str]().since(day(1), "finance").since(day(1), "health") == terms({day(1): "health"})


@given(said=st.lists(st.tuples(MOMENTS, st.text(max_size=2)), unique_by=lambda term: term[0]), at=MOMENTS)
def test_terms_are_the_same_in_whatever_order_they_are_said(said: list[tuple[datetime, str]], at: datetime) -> None:
    forward, backward = Terms[str](), Terms[str]()
    for moment, value in said:
        forward = forward.since(moment, value)
    for moment, value in reversed(said):
        backward = backward.since(moment, value)

    assert forward == backward
    begun = [(moment, value) for moment, value in said if moment <= at]
    assert forward.as_of(at) == (max(begun)[1] if begun else None)
    assert forward.next_change(at) == min((moment for moment, _ in said if moment > at), default=None)


def test_a_naive_moment_is_an_error() -> None:
    with pytest.raises(TypeError):
        terms({day(1): "a"}).as_of(datetime(2026, 1, 2))  # noqa: DTZ001  that it has no zone is the point


def test_a_department_answers_for_itself_until_it_ends_and_its_successor_from_then_on() -> None:
    found = successors(trade={5: "commerce"})

    assert who_answers("trade", found, at=day(4)) == "trade"
    assert who_answers("trade", found, at=day(5)) == "commerce"
    assert who_answers("commerce", found, at=day(5)) == "commerce"
    assert who_answers("finance", found, at=day(5)) == "finance"


def test_mergers_are_followed_through_a_chain_as_far_as_it_holds_by_then() -> None:
    found = successors(trade={2: "commerce"}, commerce={6: "economy"}, economy={9: "reform"})

    assert [who_answers("trade", found, at=day(n)) for n in (1, 2, 6, 9)] == ["trade", "commerce", "economy", "reform"]


def test_one_that_merges_into_a_department_that_had_ended_before_goes_where_that_one_went() -> None:
    found = successors(commerce={2: "economy"}, trade={6: "commerce"})

    assert who_answers("trade", found, at=day(6)) == "economy"


def test_a_merger_that_is_undone_gives_the_first_department_its_matters_back() -> None:
    found = successors(trade={2: "commerce"}, commerce={6: "trade"})

    for code in ("trade", "commerce"):
        assert who_answers(code, found, at=day(5)) == "commerce"
        assert who_answers(code, found, at=day(6)) == "trade"


def test_one_that_ends_a_second_time_goes_to_its_second_successor() -> None:
    found = successors(trade={2: "commerce", 8: "economy"}, commerce={6: "trade"})

    assert [who_answers("trade", found, at=day(n)) for n in (2, 6, 8)] == ["commerce", "trade", "economy"]
    assert who_answers("commerce", found, at=day(8)) == "economy"


def test_a_successor_nobody_knows_of_ends_the_chain() -> None:
    assert who_answers("trade", successors(trade={2: "nobody"}), at=day(3)) == "nobody"


def test_a_department_that_succeeds_itself_answers_for_itself() -> None:
    assert who_answers("trade", successors(trade={2: "trade"}), at=day(3)) == "trade"


@given(ended=ENDED, code=CODES, at=MOMENTS)
def test_exactly_one_department_answers_however_they_merged(
    ended: dict[str, dict[datetime, str]], code: str, at: datetime
) -> None:
    found = {each: terms(held) for each, held in ended.items()}
    everybody = {"a", "b", "c", "d", "e", "nobody_told_of"}

    answering = who_answers(code, found, at=at)

    assert who_answers(answering, found, at=at) == answering
    assert [own for own in everybody if code in answers_for({own}, found, at=at)] == [answering]
    if all(moment > at for moment in ended.get(code, ())):
        assert answering == code


def test_those_of_a_successor_answer_for_its_own_matters_and_for_those_it_took_over() -> None:
    found = successors(trade={5: "commerce"}, grain={7: "trade"})

    assert answers_for({"commerce"}, found, at=day(4)) == {"commerce"}
    assert answers_for({"commerce"}, found, at=day(5)) == {"commerce", "trade"}
    assert answers_for({"commerce", "finance"}, found, at=day(7)) == {"commerce", "trade", "grain", "finance"}


def test_those_of_a_department_that_has_ended_answer_for_nothing() -> None:
    found = successors(trade={5: "commerce"})

    assert answers_for({"trade"}, found, at=day(4)) == {"trade"}
    assert answers_for({"trade"}, found, at=day(5)) == frozenset()
    assert answers_for({"trade", "commerce"}, found, at=day(5)) == {"trade", "commerce"}
    assert answers_for((), found, at=day(5)) == frozenset()
