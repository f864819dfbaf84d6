"""A letter from the portal to its answer, its clock, its public extract; and the writer's privacy on the way."""

from uuid import uuid4

import httpx
import pytest

from services.kernel.domain.person import Role
from services.kernel.storage.mongo import connect
from services.kernel.stream.bus import Bus
from tests.support.city import CONTACT, ok, write_letter
from tests.support.programs import Suite
from tests.support.waiting import until

pytestmark = pytest.mark.servers


def answered(running: Suite, receipt: str) -> httpx.Client:
    handler = running.client("mailbox", Role.HANDLER, department="finance")
    ok(handler.post(f"/letters/{receipt}/acceptance"))
    ok(handler.post(f"/letters/{receipt}/answer", json={"text": "路灯已于今日修复。"}))
    return handler


def test_a_letter_is_answered_and_its_writer_reads_the_answer_and_judges_it(running: Suite) -> None:
    written = write_letter(running)
    gateway = running.client("gateway")
    answered(running, written["receipt"])

    own = ok(gateway.post(f"/api/v1/letters/{written['receipt']}/status", json={"code": written["code"]}))
    ok(
        gateway.post(
            f"/api/v1/letters/{written['receipt']}/rating",
            json={"code": written["code"], "stars": 5, "solved": True},
        )
    )

    assert own["answer"] == "路灯已于今日修复。"
    assert [step["state"] for step in own["steps"]] == ["received", "accepted", "answered"]


def test_a_wrong_code_and_an_unknown_receipt_look_the_same(running: Suite) -> None:
    written = write_letter(running)
    gateway = running.client("gateway")

    wrong = gateway.post(f"/api/v1/letters/{written['receipt']}/status", json={"code": "0" * 10})
    unknown = gateway.post("/api/v1/letters/20260101-AAAAAA/status", json={"code": "0" * 10})

    assert wrong.status_code == unknown.status_code == 404
    assert wrong.json()["code"] == unknown.json()["code"] == "letter.no_such_receipt"


def test_a_double_click_writes_one_letter(running: Suite) -> None:
    key = uuid4().hex

    assert write_letter(running, key=key) == write_letter(running, key=key)


def test_a_public_extract_is_made_by_a_person_and_never_names_the_writer(running: Suite) -> None:
    written = write_letter(running, title="关于路灯")
    receipt = written["receipt"]
    handler = answered(running, receipt)
    gateway = running.client("gateway")
    extract = {"title": "小区路灯维修", "question": "路灯坏了。", "answer": "已修复。"}
    careless = handler.post(
        f"/letters/{receipt}/disclosure", json=extract | {"question": f"{CONTACT['name']}说路灯坏了。"}
    )
    assert careless.json()["code"] == "letter.maybe_contact_in_extract"

    ok(handler.post(f"/letters/{receipt}/disclosure", json=extract))

    page = until(lambda: "小区路灯维修" in (p := gateway.get(f"/letters/{receipt}")).text and p)
    assert "已修复。" in page.text
    until(lambda: "小区路灯维修" in gateway.get("/letters").text)


def test_another_departments_handler_sees_nothing_of_it(running: Suite) -> None:
    written = write_letter(running)
    other = running.client("mailbox", Role.HANDLER, department="water")

    assert other.get(f"/letters/{written['receipt']}").status_code == 403
    assert other.post(f"/letters/{written['receipt']}/contact").status_code == 403


def test_the_clock_names_each_day_and_why(running: Suite) -> None:
    written = write_letter(running)
    handler = running.client("mailbox", Role.HANDLER, department="finance")

    clock = ok(handler.get(f"/letters/{written['receipt']}/clock"))

    assert sum(day["counted"] for day in clock["days"]) == 15
    assert all(day["why"] for day in clock["days"])
    assert clock["due_at"] == written["due_at"]


async def test_an_overdue_letter_is_announced_once_by_two_replicas_and_its_writer_is_nowhere_to_be_found(
    running: Suite,
) -> None:
    receipts = [write_letter(running)["receipt"] for _ in range(5)]
    later = {"CITYGATE_CLOCK_SHIFT": str(60 * 24 * 3600)}
    replica, _ = running.replica("mailbox", env=later)
    other, _ = running.replica("mailbox", env=later)
    office = running.client("mailbox", Role.OFFICE)
    until(lambda: all(ok(office.get(f"/letters/{r}"))["overdue_since"] for r in receipts))
    replica.end()
    other.end()

    told = await everything_told(running)

    overdue = [m for m in told if "letter.overdue" in m]
    assert sorted(r for m in overdue for r in receipts if r in m) == sorted(receipts)
    haystack = "\n".join([*told, running.logs(), *await everything_public(running), *metrics(running)])
    assert not [value for value in CONTACT.values() if value in haystack]


async def everything_told(running: Suite) -> list[str]:
    """Every message of every topic, envelope and value."""
    bus = Bus(running.servers.kafka_address, running.namespace)
    consumer = bus.consumer(f"spy-{uuid4().hex}")
    consumer.subscribe([bus.topic(s) for s in ("columns", "publishing", "mailbox", "scoring", "dead-letters")])
    await consumer.start()
    found: list[str] = []
    while got := await consumer.getmany(timeout_ms=3000):
        found += [f"{r.headers} {(r.value or b'').decode()}" for records in got.values() for r in records]
    await consumer.stop()
    return found


async def everything_public(running: Suite) -> list[str]:
    db = connect(running.servers.mongo_url, f"{running.namespace}_gateway")
    names = await db.list_collection_names()
    found = [str(d) for name in names for d in await db[name].find().to_list(None)]
    db.client.close()
    return found


def metrics(running: Suite) -> list[str]:
    return [httpx.get(f"http://127.0.0.1:{running.inside(name)}/metrics").text for name in running.ports]
