"""What people write while something is being killed: each step tried again, with its key, until it is answered."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from services.kernel.domain.person import Role
from tests.support.city import CONTACT, GROUNDS, ok
from tests.support.programs import Suite
from tests.support.waiting import until

PATIENCE = 120.0


@dataclass(slots=True)
class Written:
    """What was accepted: titles of items that were published, receipts of letters left open and of those answered."""

    titles: list[str] = field(default_factory=list)
    left_open: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)


class Writer(threading.Thread):
    """One item and one letter after another, every second letter answered; until there are enough and it may end."""

    def __init__(self, running: Suite, count: int, title: str) -> None:
        super().__init__(daemon=True)
        self.running, self.count, self.title = running, count, title
        self.written, self.may_end = Written(), threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        n = 0
        try:
            while n < self.count or not self.may_end.is_set():
                self.publish(f"{self.title}{n}")
                self.write_letter(answered=n % 2 == 0)
                n += 1
        except BaseException as error:
            self.error = error

    def publish(self, title: str) -> None:
        editor = self.running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
        reviewer = self.running.client("publishing", Role.REVIEWER, department="finance", sub="reviewer-1")
        content = {
            "kind": "article", "column_id": self.running.columns["news"], "title": title, "summary": "", "body": "正文",
            "made_on": "2026-01-05", "keywords": [],
        }  # fmt: skip
        item = asked(editor, "/items", content)
        path = f"/items/{item['id']}"
        submitted = asked(editor, f"{path}/submission")
        review = {"decision": "release", "grounds": GROUNDS, "content_hash": submitted["content_hash"]}
        asked(reviewer, f"{path}/review", review)
        asked(editor, f"{path}/publication")
        self.written.titles.append(title)

    def write_letter(self, *, answered: bool) -> None:
        gateway = self.running.client("mailbox", Role.SERVICE, sub="gateway")
        letter = {
            "kind": "complaint", "mailbox": "finance", "title": "路灯不亮", "text": "坏了三天。", "contact": CONTACT,
            "consent": False,
        }  # fmt: skip
        receipt = asked(gateway, "/letters", letter)["receipt"]
        if answered:
            handler = self.running.client("mailbox", Role.HANDLER, department="finance", sub="handler-1")
            asked(handler, f"/letters/{receipt}/answer", {"text": "已修复。"})
        (self.written.answered if answered else self.written.left_open).append(receipt)


def asked(client: httpx.Client, path: str, body: object = None) -> dict[str, str]:
    """The answer, once there is one; the key makes the tries one."""
    key = {"Idempotency-Key": uuid4().hex}

    def ask() -> dict[str, str]:
        try:
            answer = client.post(path, json=body, headers=key)
        except httpx.TransportError as error:
            raise AssertionError(f"not reachable: {error}") from error
        assert answer.status_code < 500
        assert answer.status_code != 409 or answer.json()["code"] != "unknown_yet"
        found: dict[str, str] = ok(answer)
        return found

    return until(ask, seconds=PATIENCE)


@contextmanager
def writing(running: Suite, count: int, *, title: str = "信息") -> Iterator[Written]:
    """Goes on while the block does its worst; ends when the block has and all are accepted."""
    writer = Writer(running, count, title)
    writer.start()
    try:
        yield writer.written
    finally:
        writer.may_end.set()
    writer.join(2 * PATIENCE)
    assert writer.error is None, writer.error
    assert len(writer.written.titles) >= count
