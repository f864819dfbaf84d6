"""The public read model: one fold per event, one module per speaker."""

from gateway.projections.columns import Column, Department, columns, departments
from gateway.projections.mailbox import Letter, letters
from gateway.projections.publishing import Card, Duty, Item, Revision, duties, items, revision_id
from gateway.projections.scoring import Assessment, Scheme, assessments, schemes
from services.kernel.stream.consumer import Hearing

__all__ = [
    "HEARING", "Assessment", "Card", "Column", "Department", "Duty", "Item", "Letter", "Revision", "Scheme",
    "revision_id",
]  # fmt: skip

HEARING = Hearing(
    sources=("columns", "publishing", "mailbox", "scoring"),
    handlers=(departments, columns, items, duties, letters, assessments, schemes),
)
