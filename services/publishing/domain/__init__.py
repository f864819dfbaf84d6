"""The rules of items (信息), of the ledger of their publications, and of each column's duty to be current."""

from services.publishing.domain.body import HTML_BYTES, MARKDOWN_BYTES, render
from services.publishing.domain.content import Content, Taxonomy
from services.publishing.domain.copied import Column, Department
from services.publishing.domain.duty import (
    Duty,
    DutyState,
    EachPeriod,
    Period,
    Window,
    Windows,
    announce,
    close,
    follow,
    open_for,
    refresh,
    wake,
)
from services.publishing.domain.item import (
    Item,
    ItemState,
    Review,
    Shown,
    Tombstone,
    Verdict,
    draft,
    edit,
    must_be_submittable,
    submit,
    withdraw,
)
from services.publishing.domain.ledger import GENESIS, Entry, Ledger, record
from services.publishing.domain.links import Doubt
from services.publishing.domain.publication import (
    Publication,
    Publishing,
    Verification,
    check,
    conclude,
    publish,
)
from services.publishing.domain.review import Judgement, judge

__all__ = [
    "GENESIS",
    "HTML_BYTES",
    "MARKDOWN_BYTES",
    "Column",
    "Content",
    "Department",
    "Doubt",
    "Duty",
    "DutyState",
    "EachPeriod",
    "Entry",
    "Item",
    "ItemState",
    "Judgement",
    "Ledger",
    "Period",
    "Publication",
    "Publishing",
    "Review",
    "Shown",
    "Taxonomy",
    "Tombstone",
    "Verdict",
    "Verification",
    "Window",
    "Windows",
    "announce",
    "check",
    "close",
    "conclude",
    "draft",
    "edit",
    "follow",
    "judge",
    "must_be_submittable",
    "open_for",
    "publish",
    "record",
    "refresh",
    "render",
    "submit",
    "wake",
    "withdraw",
]
