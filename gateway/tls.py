"""What the gateway trusts when it asks others over HTTPS."""

import ssl
from functools import cache

import httpx


@cache
def trust() -> ssl.SSLContext:
    """One for all clients of the process: each such context holds every certificate that is trusted."""
    return httpx.create_ssl_context()
