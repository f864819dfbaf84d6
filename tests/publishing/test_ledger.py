"""The chain of a department's publications."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from services.kernel.contracts.publishing import ItemPublished
from services.publishing.domain import (
    GENESIS,
    Judgement,
    Ledger,
    Publication,
    Verdict,
    Verification,
    check,
    conclude,
    judge,
    publish,
)
from tests.publishing.examples import (
    AT,
    COLUMN,
    EDITOR,
    NO_GROUND,
    OTHER,
    REVIEWER,
    TAXONOMY,
    WINDOWS,
    but,
    drafted,
    publishing,
    released,
    stored,
    submitted,
)


def chain(*moments: datetime) -> tuple[Ledger, list[Publication]]:
    ledger, made = Ledger(id="finance"), []
    for n, at in enumerate(moments):
        item = replace(released(drafted()), id=f"i{n}")
        parts = publishing(item, ledger=ledger, at=at)
        ledger = stored(parts.ledger.state)
        made.append(parts.publication.state)
    return ledger, made


def verified(ledger: Ledger, made: Sequence[Publication]) -> Verification:
    found = Verification(department=ledger.id)
    for each in made:
        found = check(found, each)
    return conclude(found, ledger)


DAYS = [AT, AT + timedelta(days=1), AT + timedelta(days=2)]


def test_each_publication_gets_the_next_number_and_hangs_on_the_one_before() -> None:
    ledger, made = chain(*DAYS)

    assert [each.entry.index_number[-4:] for each in made] == ["0001", "0002", "0003"]
    assert [each.entry.previous for each in made] == ["0" * 64, made[0].hash, made[1].hash]
    assert (ledger.length, ledger.head) == (3, made[2].hash)
    assert verified(ledger, made).fault is None


def test_numbers_begin_anew_with_the_year_in_shanghai() -> None:
    eve = datetime.fromisoformat("2026-12-31T15:59:00+00:00")
    _, made = chain(AT, eve, eve + timedelta(minutes=1))

    assert [each.entry.index_number for each in made] == [
        "finance-G07-2026-0001", "finance-G07-2026-0002", "finance-G07-2027-0001",
    ]  # fmt: skip


def test_an_item_without_a_class_counts_as_other_information() -> None:
    item = released(drafted(but(OTHER, disclosure_class=None)))

    assert publishing(item).publication.state.entry.index_number == "finance-G15-2026-0001"


def test_the_ledgers_time_never_runs_back() -> None:
    _, made = chain(AT + timedelta(hours=1), AT)

    assert made[1].entry.at == made[0].entry.at


def test_an_entrys_hash_tells_every_field_apart() -> None:
    entry = chain(AT)[1][0].entry
    others = [
        replace(entry, at=AT + timedelta(milliseconds=1)), replace(entry, loaded=True), replace(entry, position=2),
        replace(entry, item_id="x"), replace(entry, revision=2), replace(entry, index_number="x"),
        replace(entry, content_hash="x"), replace(entry, previous="x"), replace(entry, department="x"),
    ]  # fmt: skip

    assert len({each.hash for each in (entry, *others)}) == 10


def test_an_entrys_hash_is_that_of_its_fields_as_json_with_their_names_in_order() -> None:
    """Written out, so that anybody can reckon the chain again."""
    entry = chain(AT)[1][0].entry
    canonical = (
        f'{{"at":"2026-03-02T01:00:00.000+00:00","content_hash":"{entry.content_hash}","department":"finance",'
        '"index_number":"finance-G07-2026-0001","item":"i0","loaded":false,"position":1,'
        f'"previous":"{64 * "0"}","revision":1}}'
    )

    assert entry.hash == sha256(canonical.encode()).hexdigest()


def tampered(made: list[Publication], case: str) -> list[Publication]:
    first, second, third = made
    match case:
        case "back-dated":
            return [first, replace(second, entry=replace(second.entry, at=AT - timedelta(days=30))), third]
        case "forged whole":
            entry = replace(second.entry, at=AT - timedelta(days=30))
            return [first, replace(second, entry=entry, hash=entry.hash), third]
        case "content":
            return [first, replace(second, content=OTHER), third]
        case "left out":
            return [first, third]
        case "cut":
            return [first, second]
        case "order":
            return [second, first, third]
        case _:
            entry = replace(second.entry, loaded=True)
            return [first, second, replace(third, entry=entry)]


@pytest.mark.parametrize(
    ("case", "at"),
    [("back-dated", 2), ("forged whole", 2), ("content", 2), ("left out", 2), ("cut", 2), ("order", 1), ("other", 3)],
)
def test_whatever_is_changed_afterwards_is_found_where_it_is(case: str, at: int) -> None:
    ledger, made = chain(*DAYS)

    found = verified(ledger, tampered(made, case))

    assert found.fault
    assert found.broken_at == at


def test_the_hash_covers_what_the_public_gets_and_can_be_recomputed_from_it() -> None:
    [told] = publishing(released()).item.facts
    assert isinstance(told, ItemPublished)
    said = {
        "version": 2, "kind": told.kind, "column": told.column_id, "title": told.title, "summary": told.summary,
        "body": told.body, "class": told.disclosure_class, "document_number": told.document_number,
        "made_on": told.made_on.isoformat(), "keywords": list(told.keywords),
    }  # fmt: skip
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    assert told.hash_version == 2
    assert sha256(canonical).hexdigest() == told.content_hash == told.review.sealed_to
    assert told.ledger
    assert (told.ledger.position, told.ledger.previous, told.ledger.loaded) == (1, GENESIS, False)


def test_a_rendered_body_that_was_changed_afterwards_is_found() -> None:
    made = publishing(released()).publication.state
    so_far = Verification(department="finance")

    assert check(so_far, made).fault is None
    assert made.html
    assert check(so_far, replace(made, html=made.html + " ")).fault == "the content was changed"


def test_what_an_earlier_version_released_is_published_under_its_own_hash() -> None:
    old = replace(submitted(), html=None)
    said = Judgement(verdict=Verdict.RELEASE, grounds=NO_GROUND, seen=old.content_hash)
    by_old = judge(old, said, by=REVIEWER, at=AT).state
    assert by_old.content_hash == by_old.content.hash

    published = publish(
        by_old, ledger=Ledger(id="finance"), duty=None, column=COLUMN, successors={}, taxonomy=TAXONOMY,
        windows=WINDOWS, by=EDITOR, at=AT, html="<p>正文</p>",
    )  # fmt: skip

    [told] = published.item.facts
    assert isinstance(told, ItemPublished)
    assert (told.hash_version, told.content_hash, told.body) == (1, by_old.content.hash, "<p>正文</p>")
    assert check(Verification(department="finance"), published.publication.state).fault is None
