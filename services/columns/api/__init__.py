"""HTTP in, HTTP out, a module for each aggregate; the table of rights."""

from fastapi import APIRouter

from services.columns.api import column, department
from services.kernel.http.problem import Says
from services.kernel.http.web import Table

router = APIRouter(routes=[*department.router.routes, *column.router.routes])
MAY = Table({**department.MAY, **column.MAY})
SAYS: Says = {**department.SAYS, **column.SAYS}
TAGS = {**department.TAGS, **column.TAGS}
