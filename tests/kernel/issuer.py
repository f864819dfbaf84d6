"""An issuer of tokens with its key set in a file, and time that goes as told."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from services.kernel.domain.decision import Unauthorized
from services.kernel.domain.person import Person
from services.kernel.http.auth import Keys

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
EC, NEXT, FOREIGN = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("one", "two", "one"))
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
CLAIMS: dict[str, Any] = {
    "iss": "idp",
    "aud": "citygate",
    "sub": "zhang",
    "name": "张",
    "roles": ["editor"],
    "department": "fgw",
    "exp": int(AT.timestamp()) + 600,
}


class World:
    """A key set in a file, the time of day, and the ticks that re-reading goes by."""

    def __init__(self, path: Path) -> None:
        self.path, self.at, self.tick, self.reads = path, AT, 1000.0, 0
        self.publish(EC, RSA)
        self.keys = self.start()

    def start(self) -> Keys:
        return Keys(str(self.path), issuer="idp", audience="citygate", at=lambda: self.at)

    def publish(self, *keys: Any) -> None:
        self.path.write_text(
            json.dumps({"keys": [k if isinstance(k, dict) else k.as_dict(private=False) for k in keys]})
        )

    def person(self, token: str) -> Person:
        return asyncio.run(self.keys.person(f"Bearer {token}"))

    def refusal(self, token: str) -> str:
        with pytest.raises(Unauthorized) as caught:
            self.person(token)
        assert caught.value.status == 401
        assert token not in str(caught.value)
        return caught.value.code


def token(key: Any = EC, alg: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    said = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid} | (header or {}), said, key, algorithms=[alg])


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
