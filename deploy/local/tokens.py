"""A key, and tokens, for a local run: `python -m deploy.local.tokens key|mint --directory DIR …`."""

import json
import os
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from services.kernel.domain.clock import host
from services.kernel.domain.person import Role
from services.kernel.settings import AUDIENCE, ISSUER


def make_key(directory: Path) -> Path:
    """Make `private.json` (mode 0600) and `jwks.json` where they are missing; gives the path of the latter."""
    directory.mkdir(parents=True, exist_ok=True)
    key = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)
    _write_once(directory / "private.json", key.as_dict(private=True))
    _write_once(directory / "jwks.json", {"keys": [_key(directory).as_dict(private=False)]})
    return directory / "jwks.json"


def mint(
    directory: Path,
    *,
    sub: str,
    roles: Iterable[Role],
    department: str | list[str] = "",
    name: str = "",
    at: datetime,
    days: int = 30,
) -> str:
    """A token good from `at` (the host's clock, never shifted) for `days`; `FileNotFoundError` without a key."""
    key, until = _key(directory), at + timedelta(days=days)
    who = {"sub": sub, "name": name or sub, "roles": sorted(roles), "department": department}
    meant = {"iss": ISSUER, "aud": AUDIENCE, "iat": int(at.timestamp()), "exp": int(until.timestamp())}
    return jwt.encode({"alg": "ES256", "kid": key.kid}, who | meant, key, algorithms=["ES256"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the path of the key set, or one token."""
    parser = ArgumentParser(prog="python -m deploy.local.tokens", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    key, token = what.add_parser("key", help="make a key where none is"), what.add_parser("mint", help="print a token")
    for each in (key, token):
        each.add_argument("--directory", type=Path, required=True)
    token.add_argument("--role", action="append", type=Role, choices=list(Role), required=True, dest="roles")
    token.add_argument("--department", default="", help="code of the department the bearer answers for")
    token.add_argument("--sub", required=True)
    token.add_argument("--name", default="")
    token.add_argument("--days", type=int, default=30, choices=range(1, 3651), metavar="DAYS")
    asked = vars(parser.parse_args(arguments))
    directory, make = asked.pop("directory"), asked.pop("what") == "key"
    try:
        print(make_key(directory) if make else mint(directory, **asked, at=host()))
    except FileNotFoundError:
        parser.error(f"there is no key in {directory}; make one with: key --directory {directory}")


def _key(directory: Path) -> ECKey:
    return ECKey.import_key(json.loads((directory / "private.json").read_text()))


def _write_once(path: Path, content: object) -> None:
    """Whole or not at all, and never over another's: two programs may start together."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(draft, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(content, file)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


if __name__ == "__main__":
    main()
