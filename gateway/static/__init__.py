"""The few files that every page needs. They are finished pages; their addresses change with their content."""

import hashlib
from functools import cache
from importlib.resources import files

from gateway.cache.page import FOR_EVER, Page
from gateway.cache.shelf import Shelf
from gateway.site import Site

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


def place(shelf: Shelf, site: Site) -> None:
    for file, address in addresses(site).items():
        shelf.fixed[address] = Page.of(_files(site)[file], MEDIA_TYPES[file.rpartition(".")[2]], caching=FOR_EVER)


@cache
def addresses(site: Site) -> dict[str, str]:
    """By the file's name."""
    return {file: _address(file, data) for file, data in _files(site).items()}


def _files(site: Site) -> dict[str, bytes]:
    return {"portal.css": (files(__name__) / "portal.css").read_bytes(), "mark.svg": site.picture.encode()}


def _address(file: str, data: bytes) -> str:
    stem, _, kind = file.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{kind}"
