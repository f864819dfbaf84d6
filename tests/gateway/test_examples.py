"""The examples of the portal's API, sent to the portal."""

import pytest

from tests.gateway.conftest import Portal
from tests.support.documents import document
from tests.support.examples import Examples

pytestmark = pytest.mark.servers


async def test_the_examples_of_the_portal_s_api_work(open_portal: Portal) -> None:
    examples = Examples(open_portal.browser, document("gateway"))

    [written] = await examples.send("POST /api/v1/letters", {})
    for step in ("status", "rating"):
        await examples.send(f"POST /api/v1/letters/{{receipt}}/{step}", {}, receipt=written["receipt"])
    for route in ("home", "columns", "departments", "letters", "scores"):
        assert await examples.send(f"GET /api/v1/{route}", {}), route
    for route in ("items/{id}", "columns/{path}", "departments/{code}", "scores/{month}/{department}/facts"):
        await examples.send(f"GET /api/v1/{route}", {})

    assert examples.left == set()
