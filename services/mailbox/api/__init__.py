"""HTTP in, HTTP out, a module for each aggregate; the table of rights."""

from fastapi import APIRouter

from services.kernel.http.problem import Says
from services.kernel.http.web import Table
from services.mailbox.api import calendar, letter, policy

router = APIRouter(routes=[*letter.router.routes, *calendar.router.routes, *policy.router.routes])
MAY = Table({**letter.MAY, **calendar.MAY, **policy.MAY})
SAYS: Says = {**letter.SAYS, **calendar.SAYS, **policy.SAYS}
TAGS = {**letter.TAGS, **calendar.TAGS, **policy.TAGS}
