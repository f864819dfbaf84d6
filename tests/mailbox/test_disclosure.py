"""What the public may read of a letter: an extract with its writer's consent, which never names them."""

from dataclasses import replace
from hashlib import sha256

import pytest

from services.kernel.contracts.mailbox import LetterDisclosed
from services.kernel.domain.decision import Decision, Refused
from services.mailbox.domain import NoContact, disclose
from tests.mailbox.letters import ANSWERED, AT, EXTRACT, HANDLER, WRITING, told


def test_without_consent_nothing_is_disclosed() -> None:
    private = replace(ANSWERED, writing=replace(WRITING, consent=False))

    with pytest.raises(Refused, match="not agreed"):
        disclose(private, EXTRACT, contact=[], by=HANDLER, at=AT)


CONTACT = ["王小明", "+86 13800000000", "0763-3300000", "wang.xm@example.com", "654321@qq.com"]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        *((name, "maybe") for name in (
            "王小明", "王 小明", "王\u200b小明", "王·小*明", "王⼩明", "王\u3164小\u2800明",
        )),
        *((number, "contact") for number in (
            "13800000000", "138\u200b0000\u200b0000", "138\u20600000\u00ad0000", "138*0000*0000", "138/0000/0000",
            "138:0000:0000", "138、0000、0000", "138 OOOO OOOO", "l38oooooooo", "一三八零零零零零零零零",
            "壹叁捌〇〇〇〇〇〇〇〇", "幺三八洞洞洞洞洞洞洞洞", "１３８〇〇〇〇〇〇〇〇", "①③⑧00000000",
            "+86 138 0000 0000",
            "1️⃣3️⃣8️⃣00000000", "𝟏𝟑𝟖00000000", "138\n0000（0000）", "0763 3300000", "(0763)330-0000",
            "0086-763-3300000", "138○○○○○○○○", "138оооо0000", "138οοοο0000", "幺參捌零零零零零零零零",
        )),
        *((number, "maybe") for number in ("138x0000x0000", "1a3b8c00000000", "138加0000再0000")),
        *((number, "maybe") for number in ("3300000", "３３０００００", "三三零零零零零", "330 OOOO", "QQ：65 43 21")),
        *((mail, "contact") for mail in (
            "wang.xm@example.com", "WANG.XM＠Example.com", "wang\u200b.xm@exam\u00adple.com", "wang.xm[at]example.com",
            "wang xm (AT) example dot com", "wang点xm艾特example点com", "654321@qq.com",
            "wаng.xm@ехаmple.com",
        )),
        *((mail, "maybe") for mail in (
            "wangxm#example.com", "wang.xm{a}example.com", "wang.xm爱特example点com", "wang.xm&#64;example.com",
            "wang.xm%40example.com", "wang.xm，后缀example.com",
        )),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["title", "question", "answer"])
def test_an_extract_that_names_its_writer_is_refused_however_it_is_hidden(word: str, code: str, where: str) -> None:
    careless = replace(EXTRACT, **{where: f"请回电{word}谢谢"})

    with pytest.raises(Refused, match="looks like its writer" if code == "maybe" else "is its writer's contact"):
        disclose(ANSWERED, careless, contact=CONTACT, by=HANDLER, at=AT)


@pytest.mark.parametrize(
    "harmless", ["小明同学", "电话0763-3300001", "2026年3月30日", "第13800号", "wang.xm@example.org"]
)
def test_what_only_resembles_a_contact_passes(harmless: str) -> None:
    assert disclose(ANSWERED, replace(EXTRACT, answer=harmless), contact=CONTACT, by=HANDLER, at=AT).facts


@pytest.mark.parametrize(
    ("name", "question", "place", "shown"),
    [
        ("李", "我的行李丢了", "行李", "我的行李丢了"),
        ("市民", "市民广场", "市民广场", "市民广场"),
        ("一", "一路", "一路", "一路"),
    ],
)  # fmt: skip
def test_what_is_no_name_here_is_said_so_with_a_reason_that_is_kept(
    name: str, question: str, place: str, shown: str
) -> None:
    extract = replace(EXTRACT, question=question)
    with pytest.raises(Refused, match=f"“{shown}”"):
        disclose(ANSWERED, extract, contact=[name], by=HANDLER, at=AT)

    said = [NoContact(place, "不是姓名")]
    after = disclose(ANSWERED, extract, contact=[name], no_contact=said, by=HANDLER, at=AT).state

    assert [(c.by, c.place.text, c.reason.text) for c in after.cleared] == [(HANDLER.sub, place, "不是姓名")]
    another = replace(extract, answer=f"{name}先生")
    with pytest.raises(Refused, match="looks like"):
        disclose(ANSWERED, another, contact=[name], no_contact=said, by=HANDLER, at=AT)


def test_a_whole_number_cannot_be_said_to_be_none() -> None:
    number = replace(EXTRACT, answer="13800000000")

    with pytest.raises(Refused, match="is its writer's contact"):
        disclose(ANSWERED, number, contact=CONTACT, no_contact=[NoContact("13800000000", "x")], by=HANDLER, at=AT)


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
