"""Months that were published once: the same facts give the same bytes for ever."""

import pytest

from services.scoring.domain.score import compute, sha256
from tests.scoring import recorded
from tests.scoring.story import SCHEME, pieces


@pytest.mark.parametrize("name", recorded.NAMES)
def test_a_month_that_was_published_is_proven_on_its_recorded_facts(name: str) -> None:
    month = recorded.month(name)

    again = compute(pieces(month.messages), month.inputs, SCHEME)

    assert {x.department: None if x.score is None else str(x.score) for x in again} == month.scores
    assert sha256(again, month.inputs) == month.sha256
