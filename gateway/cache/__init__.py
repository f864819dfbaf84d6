"""Finished pages: what they were made from, where they are kept, when they are dropped, how they are sent."""

from gateway.cache.drops import Drops
from gateway.cache.hot import Hot
from gateway.cache.page import Basis, Finished, Page
from gateway.cache.shelf import Shelf
from gateway.cache.wire import wire

__all__ = ["Basis", "Drops", "Finished", "Hot", "Page", "Shelf", "wire"]
