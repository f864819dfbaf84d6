"""Problems as people and programs read them: declared once, in two languages, each field with what to type."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from deploy import problems
from services.kernel.contracts.fields import WANTED, DepartmentCode, Month
from services.kernel.contracts.mailbox import Contact, LetterKind, NewLetter
from services.kernel.domain import refusals
from services.kernel.domain.decision import Refusal, Refused, Words
from services.kernel.domain.event import Known
from services.kernel.http import problem
from services.kernel.http.middleware import Edge
from services.kernel.http.problem import prefers_english

ALL = list(problems.all_declared())
ENGLISH = {"Accept-Language": "en"}
ENOUGH = Refusal(
    Refused, "cups.enough", "已经有{n}个杯子。请先收起一个。", "There are {n} cups. Put one away first.", "body.cups"
)


class Everything(BaseModel):
    """A field of each kind that bodies have."""

    text: Annotated[str, StringConstraints(min_length=2, max_length=4, pattern="^[a-z]+$")] = "ab"
    code: DepartmentCode = "finance"
    month: Month = "2026-11"
    number: Annotated[int, Field(ge=1, le=5)] = 1
    share: float = 0.5
    yes: bool = True
    kind: Known[LetterKind] = LetterKind.HELP
    day: date = date(2026, 11, 27)
    at: AwareDatetime | None = None
    many: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    names: dict[str, int] = {}
    contact: Contact | None = None


app = FastAPI()
problem.install(app)


@app.post("/everything")
async def everything(body: Everything) -> None:
    """Takes it."""


@app.get("/cups")
async def cups(n: Annotated[int, Query(ge=1)] = 1) -> None:
    raise ENOUGH(n=n)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    edge = Edge(app, seconds=5, bytes=100_000, public_url="https://city.example")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://x") as made:
        yield made


@pytest.mark.parametrize(
    ("accepted", "english"),
    [
        ("", False), ("zh-CN", False), ("en", True), ("en-GB,en;q=0.9,zh;q=0.8", True),
        ("zh-CN,zh;q=0.9,en;q=0.8", False),
        ("en;q=0.5, zh;q=0.5", False), ("*", False), ("en, *;q=0.5", True), ("de", False), ("fr, en;q=0.1", True),
        ("en;q=0", False), ("EN-us", True), ("en;q=x", False), (";;;,=", False),
    ],
)  # fmt: skip
def test_chinese_is_told_unless_english_is_preferred(accepted: str, english: bool) -> None:
    assert prefers_english(accepted) is english


async def test_a_problem_says_in_the_callers_language_what_to_do_and_leads_to_its_page(
    client: httpx.AsyncClient,
) -> None:
    chinese, english = await client.get("/cups?n=3"), await client.get("/cups?n=3", headers=ENGLISH)

    assert chinese.json() == {
        "type": "https://city.example/problems/cups.enough", "title": "不能办理", "status": 409, "code": "cups.enough",
        "detail": "已经有3个杯子。请先收起一个。", "request": chinese.headers["x-request-id"],
        "errors": [{"where": "body.cups", "problem": "已经有3个杯子。请先收起一个。"}],
    }  # fmt: skip
    assert (english.json()["title"], english.json()["detail"]) == ("Refused", "There are 3 cups. Put one away first.")
    assert [answer.headers["content-language"] for answer in (chinese, english)] == ["zh-CN", "en"]
    assert (chinese.headers["vary"], chinese.headers["cache-control"]) == ("Accept-Language", "no-store")


WRONG: dict[str, list[Any]] = {
    "text": [3, "a", "abcde", "AB", "\ud800"], "code": ["Finance", ""], "month": ["2026-13"],
    "number": ["x", 1.5, 0, 6, None, 10**30], "share": ["x", None], "yes": ["perhaps", None], "kind": ["rumour", 7],
    "day": ["yesterday", 10**30, "2026-11-27T10:00:00Z"], "at": ["soon", "2026-11-27T10:00:00", True],
    "many": [[], [1, 2, 3], "x"], "names": [[], "x"],
    "contact": [{}, {"name": "王"}, {"name": "王", "phone": "abc"}, 3],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in WRONG.items() for v in values])
async def test_each_wrong_field_is_named_with_a_sentence_and_never_with_a_pattern_or_the_library_s_words(
    client: httpx.AsyncClient, field: str, value: Any
) -> None:
    for headers in (dict[str, str](), ENGLISH):
        sent = headers | {"Content-Type": "application/json"}
        answer = await client.post("/everything", content=json.dumps({field: value}), headers=sent)

        said = answer.json()
        assert (answer.status_code, said["code"]) == (422, "request.malformed")
        assert said["errors"][0]["where"].startswith(f"body.{field}")
        for error in said["errors"]:
            assert re.search(r"\.$" if headers else "[一-鿿].*。$", error["problem"]), error
            assert not re.search(r"[\^\\\[\]]|should|Input|valid ", error["problem"]), error


async def test_a_body_that_is_no_json_is_said_to_be_none(client: httpx.AsyncClient) -> None:
    for body in (b"{not json", b"\xff\xfe", b""):
        said = (await client.post("/everything", content=body, headers={"Content-Type": "application/json"})).json()

        assert said["code"] == "request.malformed"
        assert "body.1" not in str(said)
        assert re.search("[一-鿿]", said["detail"])


async def test_what_several_fields_say_together_is_a_sentence_too(client: httpx.AsyncClient) -> None:
    said = (await client.post("/everything", json={"contact": {"name": "王"}})).json()

    assert said["errors"] == [{"where": "body.contact", "problem": "请至少填写电话或电子邮箱中的一项。"}]


async def test_what_the_framework_refuses_is_a_problem_too(client: httpx.AsyncClient) -> None:
    nowhere, method = await client.get("/nowhere"), await client.delete("/cups")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "route.missing")
    assert (method.status_code, method.json()["code"], method.headers["allow"]) == (405, "method.not_allowed", "GET")
    assert re.search("[一-鿿]", nowhere.json()["detail"])


@pytest.mark.parametrize(("who", "declared"), ALL, ids=lambda each: getattr(each, "code", each))
def test_a_refusal_says_the_same_in_both_languages_and_what_to_do(who: str, declared: Refusal) -> None:
    values = {name: Words("某", "some") for name in declared.names}

    said = declared(**values).said
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", declared.code)
    assert "{" not in said.zh + said.en
    assert re.search("[一-鿿]", said.zh), who
    assert said.zh[-1] in "。”" or declared is refusals.MALFORMED
    assert said.en.endswith(".") or declared is refusals.MALFORMED
    assert 400 <= declared.no.status < 600


def test_a_value_that_is_missing_or_not_spoken_of_is_found_at_once() -> None:
    with pytest.raises(KeyError):
        ENOUGH()
    with pytest.raises(TypeError, match="spoons"):
        ENOUGH(n=1, spoons=2)


def test_the_same_code_has_the_same_status_everywhere() -> None:
    statuses: dict[str, set[int]] = {}
    for _, each in ALL:
        statuses.setdefault(each.code, set()).add(each.no.status)

    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_every_pattern_of_a_letter_says_what_to_type() -> None:
    def patterns(schema: Any) -> Iterator[str]:
        for name, value in schema.items() if isinstance(schema, dict) else ():
            if name == "pattern":
                yield value
            yield from patterns(value)
        for each in schema if isinstance(schema, list) else ():
            yield from patterns(each)

    found = set(patterns(NewLetter.model_json_schema()))
    assert found
    assert found <= WANTED.keys()
