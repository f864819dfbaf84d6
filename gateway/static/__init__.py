"""The few files that every page needs. They are finished pages; their addresses change with their content."""

import hashlib
from importlib.resources import files

from gateway.cache.page import FOR_EVER, Page
from gateway.cache.shelf import Shelf

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


def _address(file: str) -> str:
    stem, _, kind = file.rpartition(".")
    mark = hashlib.sha256((files(__name__) / file).read_bytes()).hexdigest()[:12]
    return f"/static/{stem}.{mark}.{kind}"


STYLE = {file: _address(file) for file in ("portal.css", "mark.svg")}


def place(shelf: Shelf) -> None:
    for file, address in STYLE.items():
        data = (files(__name__) / file).read_bytes()
        shelf.fixed[address] = Page.of(data, MEDIA_TYPES[file.rpartition(".")[2]], caching=FOR_EVER)
