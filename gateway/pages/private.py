"""A citizen's own letter: written, followed and rated through mailbox; nothing of it stays here."""

import re
from collections.abc import Mapping
from math import ceil
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Path, Request, Response

from gateway.answer import model, site_of
from gateway.cache import Basis
from gateway.limits import LETTERS, ask_mailbox, may_ask, may_write
from gateway.pages.forms import Forms
from gateway.pages.render import private
from gateway.pages.typed import Typed, letter, typed
from gateway.pages.words import by_kind, name
from gateway.store import columns
from gateway.upstream import Own, Written
from services.kernel.contracts.fields import QUERY_CODE, RECEIPT, Receipt
from services.kernel.contracts.mailbox import ANYBODY, MAYOR, LetterKind, NewLetter
from services.kernel.domain import text
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Forbidden, Malformed, No, TooMany
from services.kernel.telemetry import log

router = APIRouter()
ReceiptInPath = Annotated[Receipt, Path()]

Recipients = list[tuple[str, list[tuple[str, str]]]]
"""Codes and names of mailboxes, in groups with their names."""

REFUSED = {
    "form.expired": "页面停留时间过长，为了安全请核对后再次提交。您填写的内容都还在。",
    "form.forged": "本页面已失效。您填写的内容都还在，请核对后再次提交。",
    "form.foreign": "表单不是从本网站提交的，未予受理。如果确实是您本人填写，请核对后再次提交。",
    "idempotency_key.reused": "这份表单此前已经提交过。如需另写一封信，请核对内容后再次提交。",
}
AWAY = "来信系统暂时无法连接，您的信尚未提交。您填写的内容都还在，请稍候片刻再点一次“提交”，不会重复写信。"
NOT_TAKEN = "来信未能提交，请核对后再试。"
WRONG_CODE = "受理编号或查询码不正确，请核对后重新输入。"
ASK_LATER = "来信系统暂时无法连接，请稍候片刻再查询。"


def forms(request: Request) -> Forms:
    found: Forms = request.app.state.program.forms
    return found


async def mailboxes(request: Request) -> Recipients:
    """Where one can write: for whom it is left open, the mayor, and each department that stands and answers letters."""
    reading = await model(request).reading(Basis(), now())
    standing = (d for d in columns.departments(reading) if d.successor is None)
    answering = [d for d in standing if reading.few.departments[d.code].profile.letter_duties]
    anybody = (ANYBODY, "不清楚该写给谁（收到后分送承办单位）")
    return [
        (site_of(request).government, [anybody, (MAYOR, "市长信箱")]),
        *((name(kind, "department_kind"), [(d.code, d.name) for d in found])
          for kind, found in by_kind(answering, "department_kind")),
    ]  # fmt: skip


async def form(request: Request, filled: Typed, *, token: str, status: int = 200, wrong: str = "") -> Response:
    return await private(
        request, "letter_new.html", status=status, typed=filled, token=token, wrong=wrong, kinds=list(LetterKind),
        mailboxes=await mailboxes(request),
    )  # fmt: skip


@router.get("/letters/new")
async def new(request: Request) -> Response:
    return await form(request, Typed({}), token=forms(request).token())


@router.post("/letters/new")
async def write(request: Request) -> Response:
    """The letter is confirmed only when mailbox has stored it.

    A second click with the same token gets the same letter.
    """
    fresh = forms(request).token()
    try:
        filled = await typed(request)
    except Malformed as no:
        return await form(request, Typed({}), token=fresh, status=422, wrong=no.said.zh)
    try:
        forms(request).must_be_ours(request)
        number = forms(request).number(filled["token"])
        names = {code: name for _, found in await mailboxes(request) for code, name in found}
        body = letter(filled, names)
        if not isinstance(body, NewLetter):
            return await form(request, Typed(filled.values, body), token=filled["token"], status=422)
        counted = may_write(request)
    except (Forbidden, TooMany) as no:
        return waiting(no, await form(request, filled, token=fresh, status=no.status, wrong=refused(no)))
    try:
        said = body.model_dump(mode="json", exclude_none=True)
        answer = await ask_mailbox(request, LETTERS, said, counted, key=number)
    except httpx.TransportError:
        return await form(request, filled, token=filled["token"], status=503, wrong=AWAY)
    if answer.status_code != 201:
        return await _not_taken(request, filled, fresh, answer)
    return await private(
        request, "letter_sent.html", status=201, sent=Written.model_validate_json(answer.content), typed=filled,
        recipient=names[body.mailbox],
    )  # fmt: skip


def refused(no: No) -> str:
    """In words for a page."""
    return in_time(no.values["seconds"]) if isinstance(no, TooMany) else REFUSED[no.code]


def in_time(seconds: object) -> str:
    """When to come back, in minutes. What is not told counts as one."""
    minutes = ceil(int(str(seconds)) / 60) if str(seconds).isdigit() else 1
    return f"次数过多，请在{minutes}分钟后再试。您填写的内容都还在。"


def waiting(no: No, page: Response) -> Response:
    if isinstance(no, TooMany):
        page.headers["Retry-After"] = str(no.values["seconds"])
    return page


async def _not_taken(request: Request, filled: Typed, fresh: str, answer: httpx.Response) -> Response:
    problem = _problem(answer)
    log.warning("letter.not_taken", status=answer.status_code, code=problem.get("code"))
    wheres = [str(error.get("where", "")).rpartition(".")[2] for error in problem.get("errors", [])]
    wrong = dict.fromkeys(wheres, "请核对这一项")
    message = REFUSED.get(str(problem.get("code")), NOT_TAKEN)
    status = answer.status_code if answer.status_code in (409, 422, 429) else 503
    return await form(request, Typed(filled.values, wrong), token=fresh, status=status, wrong=message)


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@router.get("/letters/status")
async def status_form(request: Request) -> Response:
    return await ask_for_code(request, "")


@router.post("/letters/status")
async def status(request: Request) -> Response:
    filled = await typed(request)
    return await _status(request, filled["receipt"], filled["code"])


@router.post("/letters/{receipt}")
async def status_of(request: Request, receipt: ReceiptInPath) -> Response:
    return await _status(request, receipt, (await typed(request))["code"])


async def ask_for_code(request: Request, receipt: str, *, status: int = 200, wrong: str = "") -> Response:
    return await private(request, "letter_ask.html", status=status, receipt=receipt, wrong=wrong)


async def _status(request: Request, receipt: str, code: str, *, told: str = "", wrong: str = "") -> Response:
    """The private page. The code stands in the form for rating, never in an address."""
    receipt, code = text.receipt(receipt), text.digits(code)
    try:
        forms(request).must_be_ours(request)
        counted = may_ask(request)
    except (Forbidden, TooMany) as no:
        return waiting(no, await ask_for_code(request, receipt, status=no.status, wrong=refused(no)))
    if not (re.fullmatch(QUERY_CODE, code) and re.fullmatch(RECEIPT, receipt)):
        return await ask_for_code(request, receipt, status=422, wrong=WRONG_CODE)
    try:
        answer = await ask_mailbox(request, f"/letters/{receipt}/status", {"code": code}, counted)
    except httpx.TransportError:
        return await ask_for_code(request, receipt, status=503, wrong=ASK_LATER)
    if answer.status_code == 429:
        return await ask_for_code(request, receipt, status=429, wrong=in_time(answer.headers.get("retry-after")))
    if answer.status_code != 200:
        return await ask_for_code(request, receipt, status=404, wrong=WRONG_CODE)
    return await private(
        request, "letter_status.html", status=422 if wrong else 200, code=code, told=told, wrong=wrong,
        letter=Own.model_validate_json(answer.content), token=forms(request).token(),
    )  # fmt: skip


@router.post("/letters/{receipt}/rating")
async def rating(request: Request, receipt: ReceiptInPath) -> Response:
    filled = await typed(request)
    code, stars, solved = text.digits(filled["code"]), filled["stars"], filled["solved"]
    try:
        forms(request).must_be_ours(request)
        number = forms(request).number(filled["token"])
        counted = may_ask(request)
    except (Forbidden, TooMany) as no:
        return waiting(no, await ask_for_code(request, receipt, status=no.status, wrong=refused(no)))
    if stars not in {"1", "2", "3", "4", "5"} or solved not in {"yes", "no"} or not re.fullmatch(QUERY_CODE, code):
        return await _status(request, receipt, code, wrong="请选择星级，并说明问题是否解决。")
    body = {"code": code, "stars": int(stars), "solved": solved == "yes"}
    try:
        answer = await ask_mailbox(request, f"/letters/{receipt}/rating", body, counted, key=number)
    except httpx.TransportError:
        return await ask_for_code(request, receipt, status=503, wrong=ASK_LATER)
    if answer.is_success:
        return await _status(request, receipt, code, told="感谢您的评价。")
    log.warning("rating.not_taken", status=answer.status_code, code=_problem(answer).get("code"))
    return await _status(request, receipt, code, wrong="评价未能提交，这封信可能已经评价过。")
