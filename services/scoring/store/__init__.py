"""The questions scoring asks: of the record of facts, of the evidence, of months. Each with its index."""

from services.kernel.domain.calendars import Newest
from services.kernel.storage.mongo import Index
from services.scoring.store import evidence, fact

INDEXES = [*fact.INDEXES, *evidence.INDEXES, Index(of=Newest, keys=("number",))]
