"""Who is calling: bearer tokens (JWT, RFC 7519) verified with a key set (JWKS, RFC 7517)."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
from joserfc import errors, jwt
from joserfc.jwk import KeySet

from services.kernel.domain import refusals
from services.kernel.domain.clock import host
from services.kernel.domain.person import Person, Role
from services.kernel.storage.crypto import key_set
from services.kernel.telemetry import log

LEEWAY = 30  # seconds an issuer's clock may be ahead of ours (`nbf`, `iat`); `exp` has none
FRESH, AGAIN = 300.0, 10.0  # seconds until the key set is read again: as a rule; if it is wrong or lacks a key
REMEMBERED, LONGEST = 1024, 8192  # verified tokens that are kept; characters of one token
TIMES = frozenset({"exp", "iat", "nbf"})
UNREADABLE = (errors.DecodeError, errors.InvalidPayloadError, errors.MissingAlgorithmError, errors.MissingClaimError)


class Keys:
    """The key set at a path or URL. While it cannot be read, the last good one is used. `at`: the host's clock.

    `wrong`: a sentence while no token can be verified, or while the set as last read has no key to verify with.
    """

    def __init__(self, jwks: str, *, issuer: str, audience: str, at: Callable[[], datetime] = host) -> None:
        self._source, self._at = jwks, at
        self._rules = jwt.JWTClaimsRegistry(
            now=lambda: int(at().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._keys, self._read_at, self._reading = KeySet([]), float("-inf"), asyncio.Lock()
        self._verified: OrderedDict[str, tuple[Person, float]] = OrderedDict()
        self.wrong = "the key set was not read yet"

    async def run(self) -> None:
        """Read the key set before it is old, even if nobody asks. Read it sooner while something is wrong with it."""
        while True:
            await self._read(AGAIN if self.wrong else FRESH)
            await asyncio.sleep(AGAIN)

    async def person(self, authorization: str | None) -> Person:
        """The person named by the `Authorization` header. Raises `Unauthorized`, `Away` without any key."""
        token = _bearer(authorization)
        if monotonic() - self._read_at >= FRESH:
            await self._read(FRESH)
        try:
            person, until = self._verified.get(token) or self._verify(token)
        except errors.InvalidKeyIdError:
            await self._read(AGAIN)
            person, until = self._verify(token, again=True)
        if until <= self._at().timestamp():
            raise refusals.TOKEN_EXPIRED()
        self._verified[token] = person, until
        self._verified.move_to_end(token)
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return person

    def _verify(self, token: str, again: bool = False) -> tuple[Person, float]:
        """Raises joserfc's `InvalidKeyIdError` if the set lacks the token's key, except when tried `again`."""
        try:
            claims = jwt.decode(token, self._keys, algorithms=["ES256", "RS256"]).claims
            self._rules.validate(claims)
            return _person(claims), float(claims["exp"])
        except errors.ExpiredTokenError:
            raise refusals.TOKEN_EXPIRED() from None
        except errors.InvalidClaimError as error:
            wrong = refusals.TOKEN_TIMES if error.claim in TIMES else refusals.TOKEN_UNTRUSTED
            raise wrong() from None
        except (*UNREADABLE, ValueError, TypeError, LookupError):
            raise refusals.TOKEN_MALFORMED() from None
        except errors.JoseError as error:
            if isinstance(error, errors.InvalidKeyIdError) and not again:
                raise
            if not self._keys:
                raise refusals.KEYS_AWAY() from None
            raise refusals.TOKEN_UNTRUSTED() from None

    async def _read(self, older_than: float) -> None:
        async with self._reading:
            if monotonic() - self._read_at < older_than:
                return
            self._read_at = monotonic()
            try:
                read = await self._fetch()
            except (OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                self._unread("the key set cannot be read", error, holds=bool(self._keys))
                return
            try:
                self._keys = key_set(json.loads(read))
            except (ValueError, RecursionError) as error:
                self._unread("the key set is no JSON, or holds no key to verify with", error, holds=False)
            else:
                self._verified.clear()
                self.wrong = ""

    def _unread(self, sentence: str, error: Exception, *, holds: bool) -> None:
        """`holds`: the last good key set is still used."""
        if not holds:
            self.wrong = sentence
        log.warning("keys.unread", error=type(error).__name__, kept=len(self._keys.keys))

    async def _fetch(self) -> str:
        if not self._source.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self._source).read_text)
        async with httpx.AsyncClient(timeout=5) as client:
            return (await client.get(self._source)).raise_for_status().text


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if not scheme:
        raise refusals.TOKEN_MISSING()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST or not token.isascii():
        raise refusals.TOKEN_MALFORMED()
    return token


def _person(claims: dict[str, Any]) -> Person:
    own = _words(claims.get("department"))
    return Person(
        sub=claims["sub"],
        name=str(claims.get("name") or claims["sub"]),
        roles=frozenset(role for role in Role if role in _words(claims.get("roles"))),
        departments=own,
        own=own,
    )


def _words(claim: object) -> frozenset[str]:
    """The words of a claim. Providers differ: it is one word or a list."""
    return frozenset(word for word in (claim if isinstance(claim, list) else [claim]) if word and isinstance(word, str))
