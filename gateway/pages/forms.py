"""Checks where a form comes from: its origin, and its token."""

import base64
import hashlib
from uuid import uuid4

from fastapi import Request
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from gateway import refusals
from gateway.hosts import Hosts
from gateway.settings import GatewaySettings

LIFETIME = 12 * 3600  # seconds; mailbox remembers an answered key for a day


class Forms:
    """Signs tokens. A token's own number is the letter's `Idempotency-Key`."""

    def __init__(self, settings: GatewaySettings, hosts: Hosts) -> None:
        keys = [key.strip() for key in settings.encryption_keys.get_secret_value().split(",")]
        derived = [hashlib.sha256(b"citygate form token\n" + base64.urlsafe_b64decode(key)).digest() for key in keys]
        self.tokens = URLSafeTimedSerializer(list(reversed(derived)), salt="form")  # the last key signs
        self.hosts = hosts

    def token(self) -> str:
        return self.tokens.dumps(uuid4().hex)

    def number(self, token: str) -> str:
        """The token's own number. Raises `Forbidden` if the token is not ours or too old."""
        try:
            return str(self.tokens.loads(token, max_age=LIFETIME))
        except SignatureExpired:
            raise refusals.FORM_EXPIRED() from None
        except BadData:
            raise refusals.FORM_FORGED() from None

    def must_be_ours(self, request: Request) -> None:
        """Raises `Forbidden` for a form from another site.

        Browsers say where a form comes from, or that they do not tell (`null`): then the signed token decides.
        """
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        foreign = site == "cross-site" if origin in (None, "null") else not self.hosts.origin_is_ours(str(origin))
        if foreign:
            raise refusals.FORM_FOREIGN()
