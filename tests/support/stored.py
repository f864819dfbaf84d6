"""All the bytes that a program's database holds."""

import bson

from services.kernel.storage.mongo import Database


async def all_bytes(db: Database) -> bytes:
    """Every collection, and MongoDB's own log of them."""
    names = await db.list_collection_names()
    kept = [bson.encode(d) for name in names for d in await db[name].find().to_list(None)]
    mine = {"$regex": f"^{db.name}"}
    log = db.client["local"]["oplog.rs"].find({"$or": [{"ns": mine}, {"o.applyOps.ns": mine}]})
    return b"".join([*kept, *[bson.encode(entry) async for entry in log]])
