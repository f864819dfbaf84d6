"""Asking others: mailbox for private matters, publishing for a ledger, any owner for content named by its hash."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import httpx
from fastapi import Request
from pydantic import SecretStr

from gateway.settings import GatewaySettings
from gateway.store import Kept
from gateway.tls import trust
from gateway.views import Verification
from services.kernel.contracts.describing import Described, Told
from services.kernel.contracts.fields import DepartmentCode, DueAt, LastDay, Moment, QueryCode, Receipt, Solved
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import TooLarge
from services.kernel.storage.files import WrongContent
from services.kernel.telemetry import log

IDLE = 5.0  # seconds for which a connection is kept: a third of what the other side keeps it
CUT = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
HASH = re.compile("[0-9a-f]{64}")


class Written(Described):
    """What mailbox confirms of a new letter: what its writer keeps."""

    receipt: Told[Receipt]
    code: Told[QueryCode]
    due_at: DueAt
    """The first moment at which an answer is late: 24:00 of `last_day` in Asia/Shanghai, in UTC."""
    last_day: LastDay | None = None
    """The last day in time, in Beijing's calendar."""
    provisional: bool
    """Whether the deadline may still move, as a year's days off are not announced yet."""


class Stage(Described):
    """A moment in a letter's life."""

    at: Moment
    """When. UTC."""
    state: str
    """The state that the letter came into: `received`, `accepted`, `transferred`, `answered`, `closed`."""
    department: Told[DepartmentCode]
    """The code of the department with which it lay from then on."""


class Judgement(Described):
    """What the writer thought of the answer."""

    stars: int
    """How good the answer is: 1 (poor) to 5 (very good)."""
    solved: Solved


class Own(Described):
    """A letter as its writer may see it."""

    receipt: Told[Receipt]
    kind: LetterKind
    title: str
    """What it is about."""
    text: str
    """What the writer wrote."""
    state: str
    """How it stands: `received`, `accepted`, `answered`, `closed`."""
    department: Told[DepartmentCode]
    """The code of the department that must answer it."""
    received_at: Moment
    """When it was received. UTC."""
    due_at: DueAt
    """The first moment at which an answer is late: 24:00 of `last_day` in Asia/Shanghai, in UTC."""
    last_day: LastDay | None = None
    """The last day in time, in Beijing's calendar."""
    provisional: bool
    """Whether the deadline may still move, as a year's days off are not announced yet."""
    answer: str | None
    """What the department answered; null before."""
    answered_at: Moment | None
    """When the department answered, in UTC; null before."""
    rating: Judgement | None
    """The writer's own judgement; null while there is none."""
    steps: list[Stage]
    """Its life so far, oldest first."""


class TakenBack(Exception):
    """The owner of content gives it no longer."""


class Upstream:
    """One client for all calls. Of what passes through it, only content is kept, by its hash."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.owners = {
            "mailbox": settings.mailbox_url, "publishing": settings.publishing_url, "scoring": settings.scoring_url
        }  # fmt: skip
        self.client = httpx.AsyncClient(
            verify=trust(), timeout=settings.upstream_seconds, headers=_bearer(settings.service_token),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=IDLE),
        )  # fmt: skip

    async def mailbox(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        key: str | None,
        request: str,
        place: str,
        language: str | None = None,
    ) -> httpx.Response:
        """Post to mailbox. `key`: the `Idempotency-Key`; `place`: from where it is asked; `language`: as accepted.

        Raises `httpx.TransportError` while it is away.

        It counts as away too while it refuses the gateway's own token: a letter's writer can do nothing about that.
        """
        given = {"X-Request-ID": request, "Idempotency-Key": key, "Accept-Language": language, "X-Place": place}
        headers = {name: value for name, value in given.items() if value}
        answer = await self._post(self.owners["mailbox"] + path, body, headers)
        if answer.status_code in (401, 403):
            log.error("mailbox.refuses_the_gateway", status=answer.status_code)
        if answer.status_code in (401, 403) or answer.status_code >= 500:
            raise httpx.RemoteProtocolError(f"mailbox answered {answer.status_code}", request=answer.request)
        return answer

    async def _post(self, address: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> httpx.Response:
        """Once more, unsaid, where the connection ended before an answer: by its key, the second is the first."""
        try:
            return await self.client.post(address, json=body, headers=headers)
        except CUT as error:
            log.info("mailbox.asked_again", error=type(error).__name__)
            return await self.client.post(address, json=body, headers=headers)

    async def verification(self, department: str) -> Verification:
        """A department's ledger, recomputed by publishing. Raises `httpx.TransportError` while it cannot be had."""
        answer = await self.client.get(f"{self.owners['publishing']}/ledger/{department}/verification")
        if answer.status_code != 200:
            raise httpx.RemoteProtocolError(f"publishing answered {answer.status_code}", request=answer.request)
        return Verification.model_validate_json(answer.content)

    async def content(self, owner: str, check: ClaimCheck) -> AsyncGenerator[bytes]:
        """The bytes that the owner gives. After a cut it goes on from there, as long as each answer brings some.

        Raises `TakenBack`, and `httpx.TransportError` while the owner cannot give it.
        """
        got, before = 0, -1
        while before < got:
            before = got
            try:
                async with aclosing(self._content_from(owner, check, got)) as stream:
                    async for piece in stream:
                        got += len(piece)
                        yield piece
                return
            except httpx.TransportError as error:
                if got == before:
                    raise
                log.info("content.cut", owner=owner, sha256=check.sha256, bytes=got, error=type(error).__name__)

    async def _content_from(self, owner: str, check: ClaimCheck, start: int) -> AsyncGenerator[bytes]:
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        url = f"{self.owners[owner]}/content/{check.sha256}"
        async with self.client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 404:
                raise TakenBack
            if answer.status_code != (206 if start else 200):
                log.warning("content.refused", owner=owner, status=answer.status_code)
                raise httpx.RemoteProtocolError(f"{owner} answered {answer.status_code}", request=answer.request)
            async for piece in answer.aiter_raw():
                yield piece

    async def close(self) -> None:
        await self.client.aclose()


def _bearer(token: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value()}"}


class Fetcher:
    """Fetches content before its event is folded: once from its owner, verified, and kept."""

    def __init__(self, upstream: Upstream, kept: Kept) -> None:
        self.upstream, self.kept = upstream, kept

    async def __call__(self, source: str, check: ClaimCheck) -> None:
        """Content that its owner has taken back (404) is not waited for. `WrongContent` where no hash is named."""
        if not HASH.fullmatch(check.sha256):  # it becomes a part of an address
            raise WrongContent(f"{source} names content by something that is no hash")
        if await self.kept.has(check.sha256):
            return
        try:
            async with aclosing(self.upstream.content(source, check)) as parts:
                await self.kept.files.put(parts, check.media_type, most=check.size, expected=check, referenced=True)
        except TakenBack:
            log.info("content.taken_back", owner=source, sha256=check.sha256)
        except TooLarge:
            raise WrongContent(f"{source} gave more than {check.size} bytes for {check.sha256}") from None


def upstream(request: Request) -> Upstream:
    found: Upstream = request.app.state.program.upstream
    return found
