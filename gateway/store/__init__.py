"""The questions the gateway asks of its read model, each with its index; they note what an answer rests on."""

from gateway.cache.drops import Drop
from gateway.projections import Assessment, Item, Letter, Revision
from gateway.store.few import Few
from gateway.store.reading import Kept, Reading, ReadModel
from services.kernel.storage.mongo import Index

__all__ = ["INDEXES", "Few", "Kept", "ReadModel", "Reading"]

INDEXES = [
    Index(of=Item, keys=("column_id", "live", "-published_at")),
    Index(of=Item, keys=("department", "live", "-published_at")),
    Index(of=Item, keys=("kind", "live", "-published_at")),
    Index(of=Letter, keys=("-disclosed_at",), where={"extract": {"$type": "string"}}),
    Index(of=Letter, keys=("department", "-disclosed_at"), where={"extract": {"$type": "string"}}),
    Index(of=Revision, keys=("item_id", "number")),
    Index(of=Assessment, keys=("month", "rank")),
    Index(of=Assessment, keys=("department", "-month")),
    Index(of=Drop, keys=("at",), expires=3600),
]
