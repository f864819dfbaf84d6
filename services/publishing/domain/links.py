"""Where the links of a text lead, and which of them a reviewer should look at twice."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from ipaddress import ip_address
from urllib.parse import urlsplit

from services.kernel.domain.event import DescribedEnum
from services.kernel.domain.markup import SCHEMES
from services.kernel.domain.text import VISIBLE, seen

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
LINK = re.compile(r'<a(?: [a-z]+="[^"]*")*? href="([^"]*)"(?: [a-z]+="[^"]*")*>(.*?)</a>', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
NAMED = re.compile(r"(?:https?://|www\.)?((?:[\w-]+\.)+[a-z]{2,})(?![\w.])", re.IGNORECASE)
FOREIGN = re.compile(r"[^\x00-\x7f\u3400-\u9fff]")  # 政务 may be part of a name


class Doubt(DescribedEnum):
    """Why a link is doubtful."""

    NO_TEXT = "no_text", "there is nothing to see of it"
    NUMBERED_HOST = "numbered_host", "its host is a number, not a name"
    FOREIGN_LETTERS = "foreign_letters", "its host has letters that may look like others"
    OTHER_HOST_SHOWN = "other_host_shown", "what readers see names another host than it leads to"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A link by its address and what readers see of it."""

    address: str
    shown: str
    why: Doubt


def leads_somewhere(url: str) -> bool:
    """Whether it is a link for a public page: web, e-mail or telephone, or a place on this portal; no user part."""
    found = SCHEME.match(url)
    if found is None:
        return url.startswith(("/", "#")) and not url.startswith(("//", "/\\", "/%5C"))
    scheme = found[1].lower()
    if scheme not in ("http", "https"):
        return scheme in SCHEMES and len(url) > found.end()
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and "@" not in parts.netloc and "\\" not in url and "%5C" not in parts.netloc
    except ValueError:
        return False


def doubtful(html: str) -> Sequence[Doubtful]:
    """The links that a reviewer should look at twice: nobody sees where they lead, or they seem to lead elsewhere.

    `html`: clean, so that each link is written in one way.
    """
    links = [(unescape(found[1]), unescape(TAG.sub("", found[2]))) for found in LINK.finditer(html)]
    return [Doubtful(address, text, why) for address, text in links for why in _doubts(address, text)]


def _doubts(address: str, text: str) -> Iterator[Doubt]:
    if not VISIBLE.search(seen(text)):
        yield Doubt.NO_TEXT
    host = host_of(address)
    if not host:
        return
    if _is_numbered(host):
        yield Doubt.NUMBERED_HOST
    if FOREIGN.search(host) or "xn--" in host:
        yield Doubt.FOREIGN_LETTERS
    if any(not _same(host, name) for name in NAMED.findall(text)):
        yield Doubt.OTHER_HOST_SHOWN


def host_of(address: str) -> str:
    """Its host; a host that cannot be read stands for itself."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return address


def _is_numbered(host: str) -> bool:
    """An address of four numbers, in any of the ways in which browsers take one, or of IPv6."""
    try:
        ip_address(host)
    except ValueError:
        return all(re.fullmatch(r"0x[0-9a-f]*|\d+", part) for part in host.split("."))
    return True


def _same(host: str, shown: str) -> bool:
    """Whether the name that is shown is that of the host, or of the site it belongs to."""
    shown = shown.lower().removeprefix("www.")
    return host.removeprefix("www.") == shown or host.endswith(f".{shown}")
