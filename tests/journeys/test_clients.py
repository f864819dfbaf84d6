"""A developer needs nothing but the OpenAPI documents: clients made from them go a reader's and an editor's way."""

import compileall
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from services.kernel.domain.person import Role
from tests.support.city import ok, published
from tests.support.programs import Suite
from tests.support.waiting import until

pytestmark = pytest.mark.servers


@dataclass(frozen=True)
class Made:
    """A client as a package: `document` is what it was made from."""

    package: str
    document: dict[str, Any]

    @cached_property
    def models(self) -> ModuleType:
        return import_module(f"{self.package}.models")

    def asks(self, method: str, path: str) -> Callable[..., Any]:
        """The function for this route, which gives a typed answer."""
        route = self.document["paths"][path][method]
        name = re.sub("_+", "_", route["operationId"]).strip("_")
        return import_module(f"{self.package}.api.{route['tags'][0]}.{name}").sync  # type: ignore[no-any-return]  # generated

    def towards(self, address: str, token: str | None = None) -> Any:
        clients = import_module(f"{self.package}.client")
        return clients.AuthenticatedClient(address, token) if token else clients.Client(address)


def made(document: dict[str, Any], package: str, folder: Path) -> Made:
    """Without a warning, and it compiles."""
    config, source = folder / "config.json", folder / "openapi.json"
    config.write_text(json.dumps({"post_hooks": []}))
    source.write_text(json.dumps(document))
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
    command += ["--config", str(config), "--path", str(source), "--output-path", str(folder / package)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert compileall.compile_dir(folder / package, quiet=1)
    return Made(package, document)


def test_a_client_of_the_portal_reads_from_the_front_page_to_an_item(
    running: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    wanted = published(running, running.columns["news"], title="供程序阅读的信息")
    portal = made(ok(running.client("gateway").get("/api/openapi.json")), "portal_client", tmp_path)
    client = portal.towards(running.address("gateway"))

    home = portal.asks("get", "/api/v1/home")
    card = until(lambda: next((c for c in home(client=client).notices if c.id == wanted["id"]), None))
    column = portal.asks("get", "/api/v1/columns/{path}")(card.column.path, client=client)
    item = portal.asks("get", "/api/v1/items/{id}")(column.items.items[0].id, client=client)

    assert isinstance(item, portal.models.ItemView)
    assert (item.id, item.title) == (wanted["id"], "供程序阅读的信息")
    assert item.published_at.tzinfo


def test_a_client_of_publishing_drafts_and_submits(
    running: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    publishing = made(ok(running.client("publishing").get("/openapi.json")), "publishing_client", tmp_path)
    token = running.keys.mint(Role.EDITOR, department="finance", sub="editor-1")
    client, models = publishing.towards(running.address("publishing"), token), publishing.models

    said = models.NewItem.from_dict({
        "kind": "notice", "column_id": running.columns["notices"], "title": "由程序起草的通知", "body": "正文。",
        "made_on": "2026-01-05",
    })  # fmt: skip
    draft = publishing.asks("post", "/items")(client=client, body=said)
    sent = publishing.asks("post", "/items/{item_id}/submission")(draft.id, client=client)

    assert isinstance(sent, models.ItemView)
    assert (sent.id, sent.state) == (draft.id, models.ItemState.SUBMITTED)
