"""Who may do what, tried at the door: each act by each role, in the department whose matter it is and in another."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from services.kernel.domain.person import Role
from tests.support.services import Bearer

Json = Mapping[str, Any]
Make = Callable[[str], Awaitable[Json]]
DONE, NOT_FOR_THE_ROLE = "done", "role.not_allowed"
UNREADABLE = b"{not json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something people do, as a request. `to`: the state of what it is done to, in the test's own words.

    Places in endpoint and query are filled from that, and so is the body. `done`: the status of success.
    """

    endpoint: str
    to: str = ""
    query: str = ""
    body: Callable[[Json], Any] = lambda _: None
    done: int = 200


EVERYWHERE = {"see how far long work has come": Act(endpoint="GET /tasks/{task_id}", done=404)}
"""What every role may do in every service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """The acts that the law gives a role, for its own department's matters and for another's."""

    because: str
    own: frozenset[str]
    foreign: frozenset[str]


def anywhere(because: str, *acts: frozenset[str]) -> Right:
    """The same whosever the matter is."""
    every = frozenset[str]().union(*acts)
    return Right(because=because, own=every, foreign=every)


async def tried(
    client: httpx.AsyncClient, headers: Mapping[str, str], acts: Mapping[str, Act], make: Make
) -> dict[str, str]:
    """What came of each act: that it was done, or the code of the 403. `make`: something fresh in a named state."""
    found = {}
    for words, act in acts.items():
        subject = await make(act.to)
        method, path = (act.endpoint + act.query).format_map({"task_id": "none", **subject}).split()
        answer = await client.request(method, path, headers=headers, json=act.body(subject))
        assert answer.status_code in (act.done, 403), f"{words}: {answer.status_code} {answer.text}"
        found[words] = answer.json()["code"] if answer.status_code == 403 else DONE
    return found


async def expect_law(
    client: httpx.AsyncClient, bearer: Bearer, role: Role, right: Right, acts: Mapping[str, Act], make: Make
) -> None:
    """The role does what the law gives it and nothing else; what `make` makes is the department of finance's.

    It is tried by somebody who has not written or proposed anything: what nobody does to their own work is a rule
    of its own.
    """
    acts, everybodys = {**acts, **EVERYWHERE}, EVERYWHERE.keys()
    own = await tried(client, bearer(role, department="finance", sub="a colleague"), acts, make)
    foreign = await tried(client, bearer(role, department="health", sub="a stranger"), acts, make)

    assert {act for act, said in own.items() if said == DONE} == right.own | everybodys, (
        f"{role}, own department: {right.because}"
    )
    done_elsewhere = {act for act, said in foreign.items() if said == DONE}
    assert done_elsewhere == right.foreign | everybodys, f"{role}, another department: {right.because}"
    wrongly = {act for act in right.own - right.foreign if foreign[act] == NOT_FOR_THE_ROLE}
    assert not wrongly, f"{role} is told that the role may not, where it is the department: {wrongly}"


async def expect_the_door_to_be_shut(
    client: httpx.AsyncClient, bearer: Bearer, role: Role, right: Right, acts: Mapping[str, Act]
) -> None:
    """Nobody known, and a role without any right to an endpoint, are turned away before anything is looked at."""
    given = {acts[words].endpoint for words in right.own | right.foreign}
    for act in acts.values():
        method, path = act.endpoint.replace("{", "").replace("}", "").split()
        nobody = await client.request(method, path, content=UNREADABLE)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "token.missing"), act.endpoint
        if act.endpoint not in given:
            somebody = await client.request(method, path, headers=bearer(role), content=UNREADABLE)
            said = somebody.status_code, somebody.json()["code"]
            assert said == (403, NOT_FOR_THE_ROLE), f"{role} at {act.endpoint}: {right.because}"


async def expect_every_endpoint_to_be_tried(client: httpx.AsyncClient, acts: Mapping[str, Act]) -> None:
    """The service describes its endpoints; none is left out, and none made up."""
    described = (await client.get("/openapi.json")).json()["paths"]
    guarded = {f"{m.upper()} {path}" for path, said in described.items() for m in said if said[m].get("security")}
    assert {act.endpoint for act in {**acts, **EVERYWHERE}.values()} == guarded
