"""`GET /content/{sha256}`: the owner of content gives it to the programs whose copies need it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.kernel.domain.decision import Missing
from services.kernel.domain.person import Role
from services.kernel.http.web import Door, doorway

router = APIRouter(tags=["content"], route_class=Door)
MAY = {"GET /content/{sha256}": {Role.SERVICE}}


@router.get("/content/{sha256}", summary="Content that an event of this service names by its hash")
async def content(sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], request: Request) -> Response:
    found = await doorway(request).transact.db["content"].find_one({"_id": sha256})
    if found is None:
        raise Missing("content.missing", "No event of this service names content with this hash.")
    return Response(found["data"], media_type=found["media_type"])
