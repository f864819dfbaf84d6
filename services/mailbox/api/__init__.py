"""HTTP in, HTTP out, a module for each aggregate; the table of rights."""

from fastapi import APIRouter

from services.kernel.http.problem import Says
from services.kernel.http.web import Table
from services.mailbox.api import calendar, citizen, letter, policy

router = APIRouter(
    routes=[*citizen.router.routes, *letter.router.routes, *calendar.router.routes, *policy.router.routes]
)
MAY = Table({**citizen.MAY, **letter.MAY, **calendar.MAY, **policy.MAY})
SAYS: Says = {**citizen.SAYS, **letter.SAYS, **calendar.SAYS, **policy.SAYS}
TAGS = {**letter.TAGS, **calendar.TAGS, **policy.TAGS}
