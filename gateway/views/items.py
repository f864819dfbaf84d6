"""Items: in lists, on their own page, and the tombstone of a withdrawn one."""

from datetime import date
from typing import Literal

from gateway.views.names import ColumnName, DepartmentName
from services.kernel.contracts.columns import ColumnKind
from services.kernel.contracts.describing import Described, Told
from services.kernel.contracts.fields import DisclosureClass, ItemId, Moment, Sha256
from services.kernel.contracts.publishing import Ground, ItemKind, LedgerEntry


class CardView(Described):
    """An item as lists show it. Times are UTC; pages show them in Asia/Shanghai."""

    id: Told[ItemId]
    title: str
    """As readers see it (标题)."""
    summary: str
    """In a few sentences what it says (内容概述); may be empty."""
    kind: ItemKind
    column: ColumnName
    """The column in which it stands."""
    department: DepartmentName
    """The department that it was made with."""
    index_number: str
    """Its index number in the catalogue (索引号)."""
    document_number: str | None
    """Of an official document (文号); null where it has none."""
    published_at: Moment
    """When the first revision became public. UTC."""
    updated_at: Moment
    """When this revision became public. UTC."""
    revision: int
    """Counts from 1."""


class RevisionView(Described):
    """A revision in the list of all of them."""

    number: int
    """Counts from 1."""
    at: Moment
    """When it became public. UTC."""
    change_note: str | None
    """What changed (修订说明); null for the first."""


class ItemView(CardView):
    """An item in one revision. What its department's ledger says of it can be recomputed (`docs/ledger.md`)."""

    status: Literal["public"] = "public"
    """`public`, by which it is known from a tombstone."""
    body: str
    """Sanitised HTML."""
    disclosure_class: Told[DisclosureClass] | None
    made_on: date
    """The day it was made (生成日期), in Asia/Shanghai."""
    keywords: tuple[str, ...]
    """Words under which it is found (主题词)."""
    latest_revision: int
    """The revision that is public now."""
    change_note: str | None
    """What changed in this revision (修订说明); null in the first."""
    revisions: list[RevisionView]
    """All that were made public, oldest first."""
    trail: list[ColumnName]
    """The way to its column from the root."""
    column_kind: ColumnKind | None
    """Of its column; null while that has not been heard of."""
    content_hash: Told[Sha256] | None
    """SHA-256 of the content of this revision, which the ledger covers; null where it was not told."""
    hash_version: int | None
    """Of `content_hash`. 2 covers what the public gets, 1 what the department wrote; null where there is none."""
    ledger: LedgerEntry | None
    """The entry of this revision in its department's ledger; null where it was not told."""
    first_seen_at: Moment | None
    """When any revision was found on the portal for the first time, in UTC; null before."""
    seen_at: Moment | None = None
    """When this revision was found on the portal, in UTC; null before."""


class Verification(Described):
    """What publishing finds of a ledger when it recomputes the chain."""

    intact: bool
    """Whether every entry is as it was written."""
    length: int
    """How many entries there are."""
    head: Told[Sha256]
    """The hash of the last entry; 64 zeros while there is none."""
    broken_at: int | None
    """The position of the first entry that is not as it was written; null if all are."""
    fault: str | None
    """What is wrong with it; null if nothing is."""


class LedgerView(Verification):
    """A department's whole ledger, its chain recomputed."""

    department: DepartmentName
    """The department whose ledger it is."""
    verified_at: Moment
    """When it was recomputed: within the last ten minutes. UTC."""


class Tombstone(Described):
    """What stays of an item that was withdrawn (撤回)."""

    status: Literal["withdrawn"] = "withdrawn"
    """`withdrawn`, by which it is known from an item."""
    id: Told[ItemId]
    index_number: str | None
    """The index number that it had (索引号); null where its publication has not been heard of."""
    column: ColumnName
    """The column in which it stood."""
    department: DepartmentName
    """The department that it was made with."""
    published_at: Moment | None
    """When the first revision became public, in UTC; null where that has not been heard of."""
    withdrawn_at: Moment
    """When it was taken off the portal. UTC."""
    reason: str
    """Why."""
    ground: Ground | None
    """The ground for not disclosing, if that is why; null otherwise."""
    gone_at: Moment | None = None
    """When its page was found to be gone, in UTC; null before."""
