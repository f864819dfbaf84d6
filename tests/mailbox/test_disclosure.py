"""What the public may read of a letter: an extract with its writer's consent, which never names them."""

from dataclasses import replace
from hashlib import sha256

import pytest

from services.kernel.contracts.mailbox import LetterDisclosed
from services.kernel.domain.decision import Decision, Refused
from services.mailbox.domain import disclose
from tests.mailbox.letters import ANSWERED, AT, EXTRACT, HANDLER, WRITING, told


def test_without_consent_nothing_is_disclosed() -> None:
    private = replace(ANSWERED, writing=replace(WRITING, consent=False))

    with pytest.raises(Refused, match="not agreed"):
        disclose(private, EXTRACT, contact=[], by=HANDLER, at=AT)


@pytest.mark.parametrize(
    "word",
    [
        "王小明", "王 小明", "13800001234", "138 0000 1234", "138-0000-1234", "１３８００００１２３４",
        "+86 138 0000 1234",
        "wang@example.com", "WANG@Example.com",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["title", "question", "answer"])
def test_an_extract_that_names_its_writer_is_refused_however_it_is_written(word: str, where: str) -> None:
    careless = replace(EXTRACT, **{where: f"…{word}…"})

    with pytest.raises(Refused, match="names its writer"):
        disclose(
            ANSWERED, careless, contact=["王小明", "+86 13800001234", "wang@example.com"], by=HANDLER, at=AT
        )  # fmt: skip


def test_a_disclosure_tells_only_the_hash_of_the_extract() -> None:
    decision = disclose(ANSWERED, EXTRACT, contact=["王"], by=HANDLER, at=AT)

    assert told(decision) == ["letter.disclosed"]
    [fact] = decision.facts
    assert isinstance(fact, LetterDisclosed)
    public = '{"title": "路灯", "question": "路灯不亮", "answer": "已修"}'.encode()
    assert (fact.extract.sha256, fact.extract.size) == (sha256(public).hexdigest(), len(public))
    assert "路灯" not in fact.model_dump_json()


def test_an_extract_disclosed_again_changes_nothing_and_another_takes_its_place() -> None:
    first = disclose(ANSWERED, EXTRACT, contact=[], by=HANDLER, at=AT)
    other = disclose(first.state, replace(EXTRACT, title="更正"), contact=[], by=HANDLER, at=AT)

    assert disclose(first.state, EXTRACT, contact=[], by=HANDLER, at=AT) == Decision(first.state)
    assert (told(other), other.state.disclosed == first.state.disclosed) == (["letter.disclosed"], False)
