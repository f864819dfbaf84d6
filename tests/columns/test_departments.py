"""Departments: registered once, changed only where something differs."""

from dataclasses import replace

import pytest

from services.columns.domain import DepartmentChange, change, register
from services.kernel.contracts.columns import DepartmentChanged, DepartmentClass, DepartmentRegistered
from services.kernel.domain.decision import Decision, Refused
from tests.columns.examples import AT, FINANCE, LATER


def test_a_registered_department_is_told_with_everything_others_need() -> None:
    new = replace(FINANCE, version=0)

    told = register(None, new, at=AT)

    assert told.state == new
    [fact] = told.facts
    assert isinstance(fact, DepartmentRegistered)
    assert fact.model_dump(exclude={"at"}) == {
        "code": "finance", "name": "市财政局", "kind": "government", "department_class": "I",
        "service_duties": True, "letter_duties": True, "phone": "0763-3300001", "address": "清远市新城",
    }  # fmt: skip


def test_a_code_is_given_once() -> None:
    with pytest.raises(Refused) as no:
        register(FINANCE, replace(FINANCE, name="另一个局"), at=AT)

    assert no.value.code == "department.exists"


def test_only_what_is_named_changes() -> None:
    changed = change(FINANCE, DepartmentChange(phone="0763-1", letter_duties=False), at=LATER)

    assert changed.state == replace(FINANCE, phone="0763-1", letter_duties=False)
    [fact] = changed.facts
    assert isinstance(fact, DepartmentChanged)
    assert (fact.at, fact.phone, fact.letter_duties, fact.name) == (LATER, "0763-1", False, "市财政局")


@pytest.mark.parametrize(
    "wanted", [DepartmentChange(), DepartmentChange(name=FINANCE.name, department_class=DepartmentClass.I)]
)
def test_what_is_already_so_changes_nothing(wanted: DepartmentChange) -> None:
    assert change(FINANCE, wanted, at=LATER) == Decision(FINANCE)
