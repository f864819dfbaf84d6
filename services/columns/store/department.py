"""Questions about departments."""

from services.columns.domain.department import Department
from services.kernel.domain import refusals
from services.kernel.domain.decision import After, Reader
from services.kernel.storage.mongo import Index

BY_NAME = "profile.name"
INDEXES = [Index(of=Department, keys=(BY_NAME,))]


async def one(read: Reader, code: str) -> Department:
    """`Missing` if there is none."""
    found = await read.look(Department, code)
    if found is None:
        raise refusals.missing("department")(id=code)
    return found


async def all_of_them(read: Reader, *, limit: int, after: After | None = None) -> list[Department]:
    """By name. Index: profile.name."""
    return await read.find(Department, {}, sort=BY_NAME, limit=limit, after=after)
