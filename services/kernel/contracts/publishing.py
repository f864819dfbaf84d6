"""The events of publishing."""

from datetime import date
from typing import ClassVar

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.describing import Told
from services.kernel.contracts.fields import ColumnId, DepartmentCode, DisclosureClass, DueAt, ItemId, Moment, Sha256
from services.kernel.domain.event import DescribedEnum, Event, OpenEnum, Part


class ItemKind(OpenEnum):
    """What an item is (信息种类)."""

    ARTICLE = "article", "news or a report (动态)"
    DOCUMENT = "document", "a document with a number and a date, or a table (文件)"
    NOTICE = "notice", "a notice to the public (通知公告)"
    GUIDE = "guide", "a guide to an administrative matter (办事指南)"


class Ground(DescribedEnum):
    """The five grounds for not disclosing (不予公开情形, art. 8)."""

    STATE_SECRET = "E1", "it is a state secret (国家秘密)"
    PRIVACY_OR_COMMERCIAL_SECRET = "E2", "it is a commercial secret or personal privacy (商业秘密、个人隐私)"
    UNDER_DISCUSSION = "E3", "it is still under investigation, discussion or processing (正在调查、讨论、处理)"
    ENFORCEMENT = "E4", "it concerns enforcement, and disclosure could harm it or endanger a life (影响执法、危及安全)"
    EXEMPT_BY_LAW = "E5", "another law or regulation exempts it (法律法规规定不予公开)"


class ReviewRecord(Part):
    """The review a publication rests on (公开前审查)."""

    reviewed_at: Moment
    """When the reviewer released it. UTC."""
    sealed_to: Told[Sha256]
    """SHA-256 of the content that was reviewed: nothing else may be published on it."""
    by_another: bool
    """Whether the reviewer is another person than the author."""
    grounds_answered: tuple[Ground, ...]
    """The grounds for not disclosing that the reviewer answered; a complete review answers all five."""

    @property
    def complete(self) -> bool:
        return self.by_another and set(self.grounds_answered) == set(Ground)


class ItemEvent(Event):
    """An item (信息) and the department that answers for it."""

    SOURCE: ClassVar[str] = "publishing"
    KEY: ClassVar[str] = "item_id"

    item_id: Told[ItemId]
    revision: int
    """Counts from 1; each change of what is public is the next."""
    column_id: Told[ColumnId]
    """The column in which it stands."""
    department: Told[DepartmentCode]
    """The code of the department that answers for it."""


class ItemSubmitted(ItemEvent):
    """A revision was handed to review."""

    TYPE: ClassVar[str] = "item.submitted"


class ItemReturned(ItemEvent):
    """The reviewer gave a revision back to its author."""

    TYPE: ClassVar[str] = "item.returned"


class ItemReleased(ItemEvent):
    """The reviewer approved the revision (审查通过). It may be published unchanged, and only so."""

    TYPE: ClassVar[str] = "item.released"

    review: ReviewRecord


class ItemWithheld(ItemEvent):
    """The reviewer found a ground, so the item is not disclosed."""

    TYPE: ClassVar[str] = "item.withheld"

    ground: Ground


class ItemContent(Part):
    """What an item says: as it is written, reviewed, told and shown."""

    kind: ItemKind
    title: str
    """As readers see it (标题)."""
    summary: str
    """In a few sentences what it says (内容概述); may be empty."""
    body: str
    """Its text: Markdown or pasted HTML as its department writes it; sanitised HTML, at most 256 kB, once told."""
    disclosure_class: Told[DisclosureClass] | None
    document_number: str | None
    """Of an official document (文号), as 清府办〔2008〕55号; null where it has none."""
    made_on: date
    """The day it was made (生成日期), in Asia/Shanghai."""
    keywords: tuple[str, ...]
    """Words under which it is found (主题词)."""


class LedgerEntry(Part):
    """What its department's ledger says of a publication."""

    position: int
    """Its number in the ledger: 1, 2, 3 … without gaps."""
    previous: Told[Sha256]
    """The hash of the entry before; 64 zeros for the first."""
    hash: Told[Sha256]
    """The hash of this entry, which covers the one before."""
    loaded: bool
    """Whether it was recorded later, by a load of the past."""


class ItemShown(ItemEvent, ItemContent):
    """A revision with everything the public may read."""

    index_number: str
    """Its index number in the catalogue (索引号)."""
    published_at: Moment
    """When the first revision became public, by the server's clock. UTC."""
    content_hash: Told[Sha256]
    """SHA-256 of the content, which the ledger's entry covers."""
    review: ReviewRecord
    hash_version: int | None = None
    """Of `content_hash`. 2 covers what the public gets; 1, also where it is missing, what the department wrote."""
    ledger: LedgerEntry | None = None


class ItemPublished(ItemShown):
    """An item is public."""

    TYPE: ClassVar[str] = "item.published"


class ItemRevised(ItemShown):
    """A later revision took the place of the old one, which stays readable."""

    TYPE: ClassVar[str] = "item.revised"

    change_note: str
    """What changed, as the public reads it (修订说明)."""


class ItemWithdrawn(ItemEvent):
    """The item is no longer public. A tombstone with the reason stays."""

    TYPE: ClassVar[str] = "item.withdrawn"
    OVERTAKES: ClassVar[bool] = True

    reason: str
    """Why, as the public reads it."""
    ground: Ground | None
    """The ground for not disclosing, if that is why; null otherwise."""


class Activity(OpenEnum):
    """What renewed a column's duty."""

    OPENED = "opened", "the column opened"
    PUBLISHED = "published", "an item was published in it"
    REVISED = "revised", "an item in it was revised"
    CHANGED = "changed", "the column has another cadence"


class DutyEvent(Event):
    """A column's duty to be current (更新职责)."""

    SOURCE: ClassVar[str] = "publishing"
    KEY: ClassVar[str] = "column_id"

    column_id: Told[ColumnId]
    owner: Told[DepartmentCode]
    """The code of the department that answers for the column."""
    cadence: Cadence
    due_at: DueAt
    """When it goes stale without activity: 24:00 of the last day in Asia/Shanghai, in UTC."""
    rule: str
    """The version of the windows that the period came from."""


class DutyRefreshed(DutyEvent):
    """Activity began a new period, which ends at `due_at`."""

    TYPE: ClassVar[str] = "duty.refreshed"

    because: Activity
    due_soon_at: Moment
    """When it becomes amber. UTC."""


class DutyDueSoon(DutyEvent):
    """Amber: the period ends soon."""

    TYPE: ClassVar[str] = "duty.due_soon"


class DutyStale(DutyEvent):
    """Red: the period ended without activity (逾期未更新)."""

    TYPE: ClassVar[str] = "duty.stale"
