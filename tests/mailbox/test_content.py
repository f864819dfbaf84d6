"""Content that an event names, fetched by its hash as a whole and in parts."""

import random

import pytest

from services.kernel.running.program import Program
from services.kernel.storage.files import CHUNK, Files
from tests.mailbox.desk import Desk, expect_problem
from tests.support.pieces import pieces

pytestmark = pytest.mark.servers
DATA = random.Random(3).randbytes(2 * CHUNK + 5)


@pytest.fixture
async def address(program: Program) -> str:
    check = await Files(program.db).put(pieces(DATA), "application/pdf", most=10**7, referenced=True)
    return f"/content/{check.sha256}"


async def test_the_whole_comes_with_its_size_its_kind_and_its_hash(desk: Desk, address: str) -> None:
    answer = await desk.client.get(address, headers=desk.gateway)

    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == str(len(DATA))
    assert (answer.headers["etag"], answer.headers["accept-ranges"]) == (f'"{address[9:]}"', "bytes")


@pytest.mark.parametrize(("asked", "start", "stop"), [("bytes=0-9", 0, 10), ("bytes=-5", len(DATA) - 5, len(DATA))])
async def test_a_part_says_which_it_is(desk: Desk, address: str, asked: str, start: int, stop: int) -> None:
    answer = await desk.client.get(address, headers=desk.gateway | {"Range": asked})

    assert (answer.status_code, answer.content) == (206, DATA[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(DATA)}"


async def test_a_part_beyond_the_end_does_not_exist_and_what_is_no_range_gives_the_whole(
    desk: Desk, address: str
) -> None:
    beyond = await desk.client.get(address, headers=desk.gateway | {"Range": f"bytes={len(DATA)}-"})
    odd = await desk.client.get(address, headers=desk.gateway | {"Range": "pages=1-2"})
    other = await desk.client.get(address, headers=desk.gateway | {"Range": "bytes=0-9", "If-Range": '"another"'})

    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(DATA)}")
    assert [(answer.status_code, len(answer.content)) for answer in (odd, other)] == [(200, len(DATA))] * 2


async def test_content_that_no_event_names_is_given_to_nobody(desk: Desk, program: Program) -> None:
    check = await Files(program.db).put(pieces(b"not told"), "text/plain", most=100)

    expect_problem(await desk.client.get(f"/content/{check.sha256}", headers=desk.gateway), 404, "content.missing")
