"""Items: in lists, on their own page, and the tombstone of a withdrawn one."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from gateway.views.names import ColumnName, DepartmentName
from services.kernel.contracts.columns import ColumnKind
from services.kernel.contracts.publishing import Ground, ItemKind, LedgerEntry


class CardView(BaseModel):
    """An item as lists show it. Times are UTC; pages show them in Asia/Shanghai."""

    id: str
    title: str
    summary: str
    kind: ItemKind
    column: ColumnName
    department: DepartmentName
    index_number: str
    document_number: str | None
    published_at: datetime
    updated_at: datetime
    revision: int


class RevisionView(BaseModel):
    """A revision in the list of all of them."""

    number: int
    at: datetime
    change_note: str | None


class ItemView(CardView):
    """An item in one revision. `body`: sanitised HTML. `seen_at`: when this revision was found on the portal.

    `first_seen_at`: when any was, for the first time. `content_hash`, `hash_version`, `ledger`: what the department's
    ledger says of this revision, so that it can be recomputed (`docs/ledger.md`). `column_kind` None: not heard of yet.
    """

    status: Literal["public"] = "public"
    body: str
    disclosure_class: str | None
    made_on: date
    keywords: tuple[str, ...]
    latest_revision: int
    change_note: str | None
    revisions: list[RevisionView]
    trail: list[ColumnName]
    column_kind: ColumnKind | None
    content_hash: str | None
    hash_version: int | None
    ledger: LedgerEntry | None
    first_seen_at: datetime | None
    seen_at: datetime | None = None


class LedgerView(BaseModel):
    """A department's whole ledger, its chain recomputed at `verified_at`. `head`: the hash of its last entry.

    `broken_at`: the position of the first entry that is not as it was written, and `fault` what is wrong with it.
    """

    department: DepartmentName
    intact: bool
    length: int
    head: str
    broken_at: int | None
    fault: str | None
    verified_at: datetime


class Tombstone(BaseModel):
    """What stays of an item that was withdrawn. `gone_at`: when its page was found to be gone."""

    status: Literal["withdrawn"] = "withdrawn"
    id: str
    index_number: str | None
    column: ColumnName
    department: DepartmentName
    published_at: datetime | None
    withdrawn_at: datetime
    reason: str
    ground: Ground | None
    gone_at: datetime | None = None
