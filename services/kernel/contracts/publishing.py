"""The events of publishing."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.kernel.contracts.columns import Cadence
from services.kernel.domain.event import Event, OpenEnum


class ItemKind(OpenEnum):
    """What an item is."""

    ARTICLE = "article"
    DOCUMENT = "document"
    NOTICE = "notice"
    GUIDE = "guide"


class Ground(StrEnum):
    """The five grounds for not disclosing (art. 8)."""

    STATE_SECRET = "E1"
    PRIVACY_OR_COMMERCIAL_SECRET = "E2"
    UNDER_DISCUSSION = "E3"
    ENFORCEMENT = "E4"
    EXEMPT_BY_LAW = "E5"


class ReviewRecord(BaseModel):
    """The review a publication rests on. `sealed_to`: sha256 of the content that was reviewed."""

    model_config = ConfigDict(frozen=True)

    reviewed_at: AwareDatetime
    sealed_to: str
    by_another: bool  # the reviewer is not the author
    grounds_answered: tuple[Ground, ...]

    @property
    def complete(self) -> bool:
        return self.by_another and set(self.grounds_answered) == set(Ground)


class ItemEvent(Event):
    """An item (信息) and the department that answers for it. `revision` counts from 1."""

    SOURCE: ClassVar[str] = "publishing"
    KEY: ClassVar[str] = "item_id"

    item_id: str
    revision: int
    column_id: str
    department: str


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


class ItemContent(BaseModel):
    """What an item says: as it is written, reviewed, told and shown. `made_on`: when it was made (生成日期)."""

    model_config = ConfigDict(frozen=True)

    kind: ItemKind
    title: str
    summary: str
    body: str
    disclosure_class: str | None
    document_number: str | None
    made_on: date
    keywords: tuple[str, ...]


class LedgerEntry(BaseModel):
    """What its department's ledger says of a publication. `loaded`: recorded later, by a load of the past."""

    model_config = ConfigDict(frozen=True)

    position: int
    previous: str  # hash of the entry before; 64 zeros for the first
    hash: str
    loaded: bool


class ItemShown(ItemEvent, ItemContent):
    """A revision with everything the public may read. `body`: sanitised HTML, at most 256 kB."""

    index_number: str
    published_at: AwareDatetime  # of the first revision
    content_hash: str
    review: ReviewRecord
    hash_version: int | None = None  # of `content_hash`: 1, also where it is missing, covers what the department wrote
    ledger: LedgerEntry | None = None


class ItemPublished(ItemShown):
    """An item is public."""

    TYPE: ClassVar[str] = "item.published"


class ItemRevised(ItemShown):
    """A later revision took the place of the old one, which stays readable."""

    TYPE: ClassVar[str] = "item.revised"

    change_note: str


class ItemWithdrawn(ItemEvent):
    """The item is no longer public. A tombstone with the reason stays."""

    TYPE: ClassVar[str] = "item.withdrawn"
    OVERTAKES: ClassVar[bool] = True

    reason: str
    ground: Ground | None


class Activity(OpenEnum):
    """What renewed a column's duty."""

    OPENED = "opened"
    PUBLISHED = "published"
    REVISED = "revised"
    CHANGED = "changed"  # the column has another cadence


class DutyEvent(Event):
    """A column's duty to be current (更新职责). `due_at`: when it goes stale without activity."""

    SOURCE: ClassVar[str] = "publishing"
    KEY: ClassVar[str] = "column_id"

    column_id: str
    owner: str
    cadence: Cadence
    due_at: AwareDatetime
    rule: str  # the policy version the window came from


class DutyRefreshed(DutyEvent):
    """Activity began a new period, which ends at `due_at`."""

    TYPE: ClassVar[str] = "duty.refreshed"

    because: Activity
    due_soon_at: AwareDatetime


class DutyDueSoon(DutyEvent):
    """Amber: the period ends soon."""

    TYPE: ClassVar[str] = "duty.due_soon"


class DutyStale(DutyEvent):
    """Red: the period ended without activity (逾期未更新)."""

    TYPE: ClassVar[str] = "duty.stale"
