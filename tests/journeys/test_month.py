"""A month from its facts to the published score, and why."""

from datetime import UTC, datetime

import pytest

from services.kernel.domain.calendar import month_of
from services.kernel.domain.person import Role
from tests.support.city import ok, published, write_letter
from tests.support.programs import Suite
from tests.support.waiting import until

pytestmark = pytest.mark.servers


def test_a_month_is_scored_published_explained_and_replayed(running: Suite) -> None:
    item = published(running, running.columns["news"], title="计入考评的信息")
    written = write_letter(running)
    handler = running.client("mailbox", Role.HANDLER, department="finance")
    ok(handler.post(f"/letters/{written['receipt']}/answer", json={"text": "已办。"}))
    month = month_of(datetime.now(UTC))
    running.restart("scoring", env={"CITYGATE_CLOCK_SHIFT": str(40 * 24 * 3600)})
    office, group = running.client("scoring", Role.OFFICE), running.client("scoring", Role.LEADING_GROUP)

    def counted() -> bool:
        line = ok(office.get(f"/assessments/{month}/finance"))["lines"][0]
        return any(f"item/{item['id']}" == fact["subject"] for fact in line["facts"])

    until(counted)
    until(
        lambda: (
            (a := office.post(f"/assessments/{month}/closing")).status_code == 200 or a.json()["code"] == "month.closed"
        )
    )
    ok(group.post(f"/assessments/{month}/confirmation"))
    ok(office.post(f"/assessments/{month}/publication"))
    replayed = ok(office.post("/replays", json={"month": month}))

    gateway = running.client("gateway")
    page = until(lambda: (p := gateway.get(f"/scores/{month}/finance")).status_code == 200 and p)
    assert replayed["identical"]
    assert "÷" in page.text
    assert f"/items/{item['id']}" in page.text
    assert "市财政局" in gateway.get(f"/scores/{month}").text
    scheme = ok(gateway.get(f"/api/v1/scores/{month}/finance"))["scheme"]
    explained = gateway.get(f"/scores/schemes/{scheme}")
    assert (explained.status_code, "栏目更新周期" in explained.text) == (200, True)
