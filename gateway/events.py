"""The contracts for those who read events: each schema at `/events/{type}.json`, and the AsyncAPI document."""

from gateway.cache.page import ASK_AGAIN, Page
from gateway.cache.shelf import Shelf
from services.kernel.contracts import schemas

ASYNCAPI = "/events/asyncapi.json"


def place(shelf: Shelf) -> None:
    """An event's `dataschema` leads here."""
    for name, text in schemas.documents().items():
        address = f"/events/{name}"
        kind = "application/json" if address == ASYNCAPI else "application/schema+json"
        shelf.fixed[address] = Page.of(text.encode(), kind, caching=ASK_AGAIN)
