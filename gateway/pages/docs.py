"""The JSON interface explained as a page, from the OpenAPI document that programs read; without scripts."""

from collections import defaultdict
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from gateway.answer import model, site_of
from gateway.cache import Basis
from gateway.pages.render import rendered, unkept
from services.kernel.domain.clock import now

router = APIRouter()


@router.get("/api/openapi.json")
async def openapi(request: Request) -> Response:
    return JSONResponse(request.app.openapi())


@router.get("/api")
async def api() -> Response:
    return RedirectResponse("/api/docs", 302)


@router.get("/api/docs")
async def docs(request: Request) -> Response:
    reading = await model(request).reading(Basis(), now())
    page = rendered(site_of(request), "docs.html", reading.few, groups=grouped(request.app.openapi()))
    return unkept(request, page, 200)


def grouped(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Routes by their tag, with what a reader needs of each."""
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            groups[said.get("tags", ["other"])[0]].append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": said.get("summary", ""),
                    "description": said.get("description", ""),
                    "parameters": said.get("parameters", []),
                    "body": _fields(said, document),
                    "answers": sorted(said["responses"]),
                }
            )
    return groups


def _fields(said: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = document["components"]["schemas"].get(content.get("$ref", "").rpartition("/")[2], {})
    needed = schema.get("required", [])
    return [
        {
            "name": name,
            "type": field.get("type") or field.get("$ref", "").rpartition("/")[2],
            "required": name in needed,
            "description": field.get("description", "").partition("\n\n")[0],
        }
        for name, field in schema.get("properties", {}).items()
    ]
