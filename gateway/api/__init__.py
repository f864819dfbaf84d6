"""The portal as JSON: what everybody may read, and letters for programs."""

from fastapi import APIRouter

from gateway.api import private, public
from services.kernel.http.problem import Says

router = APIRouter(routes=[*public.router.routes, *private.router.routes])
SAYS: Says = {**public.SAYS, **private.SAYS}
TAGS = {
    "portal": "The front page.",
    "columns": "The tree of the portal's columns (栏目), each with its duty to be current and its items.",
    "items": "What departments made public (信息), in every revision, with what the ledger says of it.",
    "departments": "The departments (单位) and what is their own.",
    "letters": "Letters to the city (来信): write one, follow it, read those that were made public.",
    "scores": "The monthly assessment (月度考评), down to the facts.",
}
ABOUT = (
    "Everything that the portal shows, as JSON, for everybody and without a token; and letters for programs. Times are "
    "UTC; days are of Beijing's calendar. Answers carry an `ETag`: `If-None-Match` gets 304. What departments do has "
    "APIs of its own, with tokens, at each service."
)
