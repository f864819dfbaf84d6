"""Pages as bytes made once: what they rest on, where they are kept, how they fall, how they are answered."""

from gateway.cache.drops import Drops
from gateway.cache.hot import Hot
from gateway.cache.page import Basis, Finished, Page
from gateway.cache.shelf import Shelf
from gateway.cache.wire import wire

__all__ = ["Basis", "Drops", "Finished", "Hot", "Page", "Shelf", "wire"]
