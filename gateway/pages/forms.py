"""Checks a form before it becomes a letter: its origin, its token, how often it is sent, and what is filled in."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from fastapi import Request
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from gateway import refusals
from gateway.settings import GatewaySettings
from services.kernel.contracts.fields import EMAIL, NAME, PHONE, TEXT, TITLE
from services.kernel.contracts.mailbox import LetterKind

LIFETIME = 12 * 3600  # seconds; mailbox remembers an answered key for a day
MOST_FIELDS = 20
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Forms:
    """Signs tokens. A token's own number is the letter's `Idempotency-Key`."""

    def __init__(self, settings: GatewaySettings) -> None:
        keys = [key.strip() for key in settings.encryption_keys.get_secret_value().split(",")]
        derived = [hashlib.sha256(b"citygate form token\n" + base64.urlsafe_b64decode(key)).digest() for key in keys]
        self.tokens = URLSafeTimedSerializer(list(reversed(derived)), salt="form")  # the last key signs
        self.host = urlsplit(settings.public_url).netloc

    def token(self) -> str:
        return self.tokens.dumps(uuid4().hex)

    def number(self, token: str) -> str:
        """The token's own number. Raises `Forbidden` if the token is not ours or too old."""
        try:
            return str(self.tokens.loads(token, max_age=LIFETIME))
        except SignatureExpired:
            raise refusals.FORM_EXPIRED() from None
        except BadData:
            raise refusals.FORM_FORGED() from None

    def must_be_ours(self, request: Request) -> None:
        """Raises `Forbidden` for a form from another site.

        Browsers say where a form comes from; a client that says nothing is none that could be misled into sending it.
        """
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        hosts = {self.host, request.headers.get("host")}
        if site not in (None, "same-origin", "none") or (origin is not None and urlsplit(origin).netloc not in hosts):
            raise refusals.FORM_FOREIGN()


@dataclass(frozen=True, slots=True)
class Typed:
    """What a citizen typed, as it was typed, and what is wrong with it, by field."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def body(self) -> dict[str, Any]:
        """The letter as mailbox takes it."""
        contact = {"name": self["name"], "phone": self["phone"] or None, "email": self["email"] or None}
        return {
            "kind": self["kind"], "mailbox": self["mailbox"], "title": self["title"], "text": self["text"],
            "contact": {name: value for name, value in contact.items() if value}, "consent": self["consent"] == "yes",
        }  # fmt: skip


async def typed(request: Request) -> Typed:
    """The fields as text, with `\\n` as line ends and without control characters."""
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    values = {name: str(value).replace("\r\n", "\n") for name, value in form.items() if isinstance(value, str)}
    return Typed({name: CONTROL.sub("", value).strip() for name, value in values.items()})


LIMITS = {"title": TITLE, "text": TEXT, "name": NAME}
NEEDED = {"title": "请填写标题", "text": "请填写内容", "name": "请填写姓名"}


def checked(typed: Typed, mailboxes: set[str]) -> dict[str, str]:
    """What is wrong with a letter, in words for its writer, by field."""
    wrong = {}
    if typed["kind"] not in set(LetterKind):
        wrong["kind"] = "请选择来信类别"
    if typed["mailbox"] not in mailboxes:
        wrong["mailbox"] = "请选择收信单位"
    for name, (least, most) in LIMITS.items():
        length = len(typed[name])
        if not length:
            wrong[name] = NEEDED[name]
        elif not least <= length <= most:
            wrong[name] = f"应为 {least} 至 {most} 个字，现在是 {length} 个字"
    if typed["phone"] and not re.fullmatch(PHONE, typed["phone"]):
        wrong["phone"] = "请填写有效的电话号码，如 13800000000 或 0763-3300000"
    if typed["email"] and not re.fullmatch(EMAIL, typed["email"]):
        wrong["email"] = "请填写有效的电子邮箱"
    if not typed["phone"] and not typed["email"]:
        wrong["phone"] = "电话和电子邮箱请至少填写一项，以便联系您"
    return wrong
