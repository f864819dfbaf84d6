"""`GET /content/{sha256}`: the owner of content gives it to the programs whose copies need it."""

import re
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import StreamingResponse

from services.kernel.contracts.fields import Sha256
from services.kernel.domain import refusals
from services.kernel.domain.person import Rights, Role
from services.kernel.http.problem import Says, refusal
from services.kernel.http.web import Door, doorway
from services.kernel.storage.files import Files

router = APIRouter(tags=["content"], route_class=Door)
MAY: Rights = {"GET /content/{sha256}": {Role.SERVICE}}
PART = {"description": "The range of its bytes that was asked for."}
TAGS = {"content": "What is too large or too private for an event, by its hash (claim check)."}
SAYS: Says = {"GET /content/{sha256}": (refusals.CONTENT_MISSING, refusals.NO_RANGE)}
ONE_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.IGNORECASE)


@router.get(
    "/content/{sha256}", summary="Content that an event of this service names by its hash",
    response_class=StreamingResponse, response_description="All of its bytes.", responses={206: PART},
)  # fmt: skip
async def content(
    sha256: Annotated[Sha256, Path()],
    request: Request,
    range: Annotated[str | None, Header(description="One range of bytes (RFC 9110)")] = None,
    if_range: Annotated[str | None, Header(description="The `ETag` for which the range is meant")] = None,
) -> Response:
    """For the programs whose copies need it: whole, or one range of it. Only hashes that a told event names are here.

    The answer has the media type that the event says.
    """
    found = await Files(doorway(request).transact.db).look(sha256)
    if found is None:
        raise refusals.CONTENT_MISSING()
    size, etag = found.check.size, f'"{sha256}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes"}
    wanted = span(range, size) if range and if_range in (None, etag) else None
    if wanted is None:
        headers["Content-Length"] = str(size)
        return StreamingResponse(found.read(), headers=headers, media_type=found.check.media_type)
    start, stop = wanted
    if start >= stop:
        there = headers | {"Content-Range": f"bytes */{size}"}
        return refusal(request, refusals.NO_RANGE(size=size), headers=there)
    headers |= {"Content-Range": f"bytes {start}-{stop - 1}/{size}", "Content-Length": str(stop - start)}
    return StreamingResponse(found.read(start, stop), 206, headers=headers, media_type=found.check.media_type)


def span(header: str, size: int) -> tuple[int, int] | None:
    """The first byte, and the one behind the last; an empty span cannot be satisfied. None: give the whole.

    RFC 9110, section 14.2: a range that is not understood, and more than one, may be ignored.
    """
    asked = ONE_RANGE.fullmatch(header.replace(" ", ""))
    if asked is None or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    if first and last and int(last) < int(first):
        return None
    if not first:
        return (size - min(int(last), size), size)
    return (int(first), min(int(last) + 1, size) if last else size)
