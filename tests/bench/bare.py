"""The ceiling of an intake: FastAPI and Motor, one transaction of two documents, nothing else."""

import os
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from services.kernel.storage.mongo import connect

app = FastAPI()
db = connect(os.environ["MONGO_URL"], f"{os.environ['CITYGATE_NAMESPACE']}_bare")


class Letter(BaseModel):
    """As mailbox takes it."""

    kind: str
    mailbox: str
    title: str
    text: str
    contact: dict[str, str]
    consent: bool


class Taken(BaseModel):
    """As little as can be answered."""

    receipt: str


@app.get("/readyz")
async def ready() -> Taken:
    """Its collections are there: made inside a transaction they would fail it."""
    for name in ("letter", "journal"):
        await db[name].update_one({"_id": "first"}, {"$set": {}}, upsert=True)
    return Taken(receipt="")


@app.post("/letters", status_code=201)
async def take(letter: Letter) -> Taken:
    id = uuid4().hex
    async with await db.client.start_session() as session, session.start_transaction():
        await db["letter"].insert_one({"_id": id, **letter.model_dump()}, session=session)
        await db["journal"].insert_one({"_id": id, "type": "letter.received"}, session=session)
    return Taken(receipt=id)


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), loop="uvloop", http="httptools", access_log=False)
