"""What is typed into a form: read in its own encoding, checked by the same door as JSON, in words for its writer."""

import codecs
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from charset_normalizer import from_bytes
from fastapi import Request
from pydantic import ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser

from gateway import refusals
from services.kernel.contracts.mailbox import LetterKind, NewLetter
from services.kernel.domain import text
from services.kernel.http.sentences import sentence

MOST_FIELDS = 20
NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "big5hkscs": "big5hkscs"}
NEEDED = {"title": "请填写标题", "text": "请填写内容", "name": "请填写姓名"}
CHOSEN = {"kind": "请选择来信类别", "mailbox": "请选择收信单位"}
REACHABLE = "电话和电子邮箱请至少填写一项，以便联系您"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a citizen typed, as it was typed, and what is wrong with it, by field."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """As a page can show it again."""
        return NOT_SHOWN.sub("", self.values.get(name, "")).strip()

    def error(self, name: str) -> str:
        return self.errors.get(name, "")


async def typed(request: Request) -> Typed:
    """The fields as text, with `\\n` as line ends. Raises `Malformed` where their encoding cannot be told."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    pairs = await _parts(request) if kind == b"multipart/form-data" else await _query(request)
    charset = options.get(b"charset", b"").decode("latin-1") or dict(pairs).get("_charset_", "")
    texts = _decoded([each for pair in pairs for each in pair], charset)
    values = dict(zip(texts[::2], texts[1::2], strict=True))
    return Typed({name: value.replace("\r\n", "\n") for name, value in values.items()})


async def _query(request: Request) -> list[tuple[str, str]]:
    """Each byte as one character."""
    body = (await request.body()).decode("latin-1")
    try:
        return parse_qsl(body, keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise refusals.FORM_UNREADABLE() from None


async def _parts(request: Request) -> list[tuple[str, str]]:
    """Each byte as one character. Files are refused."""
    usual = re.sub(r";\s*charset=[^;]*", "", request.headers["content-type"], flags=re.IGNORECASE)
    headers = Headers({"content-type": f"{usual}; charset=latin-1"})
    try:
        form = await MultiPartParser(headers, request.stream(), max_files=0, max_fields=MOST_FIELDS).parse()
    except MultiPartException:
        raise refusals.FORM_UNREADABLE() from None
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _decoded(fields: Sequence[str], named: str) -> list[str]:
    """By the encoding that the form names, else by the one that its bytes are in: never with a character lost."""
    data = [each.encode("latin-1") for each in fields]
    for charset in _charsets(data, named):
        if (found := _strictly(charset, data)) is not None:
            return found
    raise refusals.FORM_UNREADABLE()


def _charsets(data: Sequence[bytes], named: str) -> Iterator[str]:
    """Guessed last: that reads everything several times."""
    if known := _known(named):
        yield known
    yield "utf-8"
    if guessed := _guessed(data):
        yield guessed


def _strictly(charset: str, data: Sequence[bytes]) -> list[str] | None:
    try:
        return [each.decode(charset) for each in data]
    except UnicodeDecodeError:
        return None


def _known(named: str) -> str | None:
    try:
        name = codecs.lookup(named).name
    except (LookupError, ValueError):
        return None
    return "utf-8" if name == "utf-8" else CHINESE.get(name)


def _guessed(data: Sequence[bytes]) -> str | None:
    found = from_bytes(b"\n".join(data), cp_isolation=["gb18030", "big5hkscs"]).best()
    return found.encoding if found else None


def letter(typed: Typed, mailboxes: Collection[str]) -> NewLetter | dict[str, str]:
    """The letter as mailbox takes it, or what is wrong with it, by field."""
    values = typed.values
    contact = {name: values.get(name) for name in ("name", "phone", "email")}
    body = {
        **{name: values.get(name, "").strip() for name in ("kind", "mailbox", "title", "text")},
        "contact": {name: value for name, value in contact.items() if (value or "").strip() or name == "name"},
        "consent": values.get("consent") == "yes",
    }  # fmt: skip
    wrong = {} if body["kind"] in set(LetterKind) else {"kind": CHOSEN["kind"]}
    if body["mailbox"] not in mailboxes:
        wrong["mailbox"] = CHOSEN["mailbox"]
    try:
        found = NewLetter.model_validate(body)
    except ValidationError as error:
        for each in error.errors():
            name = str(each["loc"][-1])
            at, said = ("phone", REACHABLE) if name == "contact" else (name, sentence(each).zh)
            wrong.setdefault(at, NEEDED.get(at, said) if said == text.EMPTY[0] else said)
        return wrong
    return wrong or found
