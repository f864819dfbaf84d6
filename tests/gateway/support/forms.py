"""The form for a letter as a citizen fills it in and sends it."""

import re
from typing import Any

import httpx

from tests.gateway.conftest import Portal

FILLED = {
    "kind": "complaint", "mailbox": "mayor", "title": "路灯不亮", "text": "人民二路的路灯坏了\r\n已经三天。",
    "name": "欧阳明月", "phone": "13912345678", "email": "mingyue@example.com", "consent": "yes",
}  # fmt: skip


async def token(portal: Portal) -> str:
    found = re.search(r'name="token" value="([^"]+)"', (await portal.get("/letters/new")).text)
    assert found
    return found[1]


async def post(portal: Portal, path: str = "/letters/new", headers: Any = None, **fields: str) -> httpx.Response:
    return await portal.browser.post(path, data=fields, headers=headers)
