"""The questions scoring asks: of the record of facts, of the evidence, of months. Each with its index."""

from services.scoring.store import evidence, fact

INDEXES = [*fact.INDEXES, *evidence.INDEXES]
