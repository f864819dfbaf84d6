"""Departments: registered once, changed only where something differs."""

from dataclasses import replace

import pytest

from services.columns.domain.department import change, register
from services.kernel.contracts.columns import DepartmentChanged, DepartmentRegistered
from services.kernel.domain.decision import Decision, Refused
from tests.columns.examples import AT, FINANCE, LATER, PROFILE


def test_a_registered_department_is_told_with_everything_others_need() -> None:
    told = register(None, "finance", PROFILE, at=AT)

    assert told.state == replace(FINANCE, version=0)
    [fact] = told.facts
    assert isinstance(fact, DepartmentRegistered)
    assert fact.model_dump(exclude={"at"}) == {
        "code": "finance", "name": "市财政局", "kind": "government", "department_class": "I",
        "service_duties": True, "letter_duties": True, "phone": "0763-3300001", "address": "清远市新城",
    }  # fmt: skip


def test_a_code_is_given_once() -> None:
    with pytest.raises(Refused) as no:
        register(FINANCE, "finance", PROFILE.model_copy(update={"name": "另一个局"}), at=AT)

    assert no.value.code == "department.exists"


def test_a_change_is_told_with_the_whole_profile() -> None:
    profile = PROFILE.model_copy(update={"phone": "0763-1", "letter_duties": False})

    changed = change(FINANCE, profile, at=LATER)

    assert changed.state == replace(FINANCE, profile=profile)
    [fact] = changed.facts
    assert isinstance(fact, DepartmentChanged)
    assert (fact.at, fact.phone, fact.letter_duties, fact.name) == (LATER, "0763-1", False, "市财政局")


def test_what_is_already_so_changes_nothing() -> None:
    assert change(FINANCE, PROFILE.model_copy(), at=LATER) == Decision(FINANCE)
