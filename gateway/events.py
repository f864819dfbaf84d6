"""The contracts for those who read events: each schema at `/events/{type}.json`, and the AsyncAPI document."""

from functools import cache

from gateway.cache.page import ASK_AGAIN, Page
from gateway.cache.shelf import Shelf
from services.kernel.contracts import schemas

ASYNCAPI = "/events/asyncapi.json"


def place(shelf: Shelf) -> None:
    shelf.fixed |= pages()


@cache
def pages() -> dict[str, Page]:
    """By address; an event's `dataschema` leads to one. They are made from the code and never change."""
    made = {}
    for name, text in schemas.documents().items():
        address = f"/events/{name}"
        kind = "application/json" if address == ASYNCAPI else "application/schema+json"
        made[address] = Page.of(text.encode(), kind, caching=ASK_AGAIN)
    return made
