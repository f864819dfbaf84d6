"""Who may do what to a letter, by the law: every role, every endpoint, a letter of the own department and another's."""

from datetime import timedelta
from itertools import count

import httpx
import pytest

from services.kernel.domain.clock import now
from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from tests.mailbox.desk import EXTRACT, Desk
from tests.mailbox.examples import NEW, policy
from tests.support.rights import (
    Act,
    Json,
    Right,
    anywhere,
    expect_every_endpoint_to_be_tried,
    expect_law,
    expect_the_door_to_be_shut,
)
from tests.support.services import Bearer

pytestmark = pytest.mark.servers
ACTS = {
    "hand in a letter": Act(endpoint="POST /letters", body=lambda _: NEW, done=201),
    "read the queue": Act(endpoint="GET /letters", query="?department=finance"),
    "read a letter": Act(endpoint="GET /letters/{id}", to="new"),
    "read its clock": Act(endpoint="GET /letters/{id}/clock", to="new"),
    "look at the writer's contact": Act(endpoint="POST /letters/{id}/contact", to="new"),
    "accept it": Act(endpoint="POST /letters/{id}/acceptance", to="new"),
    "transfer it": Act(
        endpoint="POST /letters/{id}/transfer", to="new", body=lambda _: {"to": "water", "reason": "水利职责"}
    ),
    "answer it": Act(endpoint="POST /letters/{id}/answer", to="new", body=lambda _: {"text": "已修。"}),
    "close it": Act(endpoint="POST /letters/{id}/closing", to="answered"),
    "disclose an extract": Act(endpoint="POST /letters/{id}/disclosure", to="answered", body=lambda _: EXTRACT),
    "show it to who has its code": Act(
        endpoint="POST /letters/{id}/status", to="new", body=lambda letter: {"code": letter["code"]}
    ),
    "rate it for who has its code": Act(
        endpoint="POST /letters/{id}/rating",
        to="answered",
        body=lambda letter: {"code": letter["code"], "stars": 4, "solved": True},
    ),
    "fetch a public text by its hash": Act(endpoint="GET /content/{sha256}", to="disclosed"),
    "see which years have a calendar": Act(endpoint="GET /calendars"),
    "see a year's calendar": Act(endpoint="GET /calendars/{year}", to="2027"),
    "set a year's calendar": Act(
        endpoint="PUT /calendars/{year}", to="2027", body=lambda _: {"off": [], "make_up": [], "source": "国办发明电"}
    ),
    "see the limits": Act(endpoint="GET /policies"),
    "set limits": Act(endpoint="PUT /policies/{policy}", to="new limits", body=lambda each: each["body"]),
}
CALENDARS = frozenset({"see which years have a calendar", "see a year's calendar"})
LIMITS = frozenset({"see the limits"})
SETTING = frozenset({"set a year's calendar", "set limits"})
HANDLING = frozenset(
    {
        "read the queue", "read a letter", "read its clock", "look at the writer's contact", "accept it",
        "transfer it", "answer it", "close it", "disclose an extract",
    }
)  # fmt: skip
WRITERS = frozenset({"hand in a letter", "show it to who has its code", "rate it for who has its code"})
LAW = {
    Role.HANDLER: Right(
        because="art. 12: a department takes the letters that concern it, and answers them",
        own=HANDLING | CALENDARS | LIMITS,
        foreign=CALENDARS | LIMITS,
    ),
    Role.OFFICE: anywhere(
        "art. 9: the government office handles letters, and directs every department's; clocks run by what it sets",
        HANDLING,
        CALENDARS,
        LIMITS,
        SETTING,
    ),
    Role.SERVICE: anywhere(
        "the gateway brings citizens' letters and what their code opens; it handles none",
        WRITERS,
        CALENDARS,
        frozenset({"fetch a public text by its hash"}),
    ),
    Role.EDITOR: anywhere("DESIGN 1: publishes; a letter is not theirs to see", CALENDARS),
    Role.REVIEWER: anywhere("DESIGN 1: reviews what is published; a letter is not theirs to see", CALENDARS),
    Role.IT_BUREAU: anywhere(
        "art. 11: runs the technology; what citizens write is not theirs to see", CALENDARS, LIMITS
    ),
    Role.LEADING_GROUP: anywhere("art. 9: leads; the office handles letters for it", CALENDARS, LIMITS),
}


class Fresh:
    """Letters to the department of finance, each written for one act."""

    def __init__(self, desk: Desk, program: Program) -> None:
        self.desk, self.program, self.number = desk, program, count(2)

    async def __call__(self, state: str) -> Json:
        match state:
            case "new":
                written = await self.desk.write()
            case "answered" | "disclosed":
                written = await self.desk.answered()
            case "new limits":
                n = next(self.number)
                return {"policy": f"letters-{n}", "body": policy(7, now() + timedelta(days=n))}
            case _:
                return {"year": 2027}
        made = {"id": written["receipt"], "code": written["code"]}
        if state != "disclosed":
            return made
        await self.desk.step(written["receipt"], "disclosure", EXTRACT)
        content = await self.program.db["content"].find_one({})
        assert content
        return made | {"sha256": content["_id"]}


@pytest.mark.parametrize("role", Role)
async def test_a_role_does_what_the_law_gives_it_and_nothing_else(
    client: httpx.AsyncClient, bearer: Bearer, desk: Desk, program: Program, role: Role
) -> None:
    await expect_law(client, bearer, role, LAW[role], ACTS, Fresh(desk, program))


@pytest.mark.parametrize("role", Role)
async def test_who_may_not_is_turned_away_before_anything_is_read(
    client: httpx.AsyncClient, bearer: Bearer, role: Role
) -> None:
    await expect_the_door_to_be_shut(client, bearer, role, LAW[role], ACTS)


async def test_every_endpoint_is_tried(client: httpx.AsyncClient) -> None:
    await expect_every_endpoint_to_be_tried(client, ACTS)


async def test_what_another_departments_handler_tries_leaves_the_letter_as_it_was(desk: Desk, bearer: Bearer) -> None:
    receipt = (await desk.write())["receipt"]
    foreign = bearer(Role.HANDLER, department="water")

    for step, body in (("acceptance", None), ("transfer", {"to": "water", "reason": "…"}), ("answer", {"text": "…"})):
        said = await desk.client.post(f"/letters/{receipt}/{step}", json=body, headers=foreign)
        assert (said.status_code, said.json()["code"]) == (403, "department.foreign")

    assert (await desk.letter(receipt))["version"] == 1


async def test_the_queue_of_who_names_no_department_is_their_own(desk: Desk, bearer: Bearer) -> None:
    mine, _ = await desk.write(), await desk.write(mailbox="water")

    queue = await desk.client.get("/letters", headers=bearer(Role.HANDLER, department="finance"))

    assert [letter["id"] for letter in queue.json()["items"]] == [mine["receipt"]]
