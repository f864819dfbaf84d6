"""From HTML as it is pasted from word processors and pages to the HTML that the public reads."""

import html
import re

import nh3

from services.kernel.domain.markup import ATTRIBUTES, TAGS, UNSHOWN, clean, tags
from services.publishing.domain import refusals
from services.publishing.domain.links import leads_somewhere

MOST, LEVELS = 40_000, 100  # tags in all, and elements within each other: deep ones cost the square of their number
BEGINS = re.compile(
    r"(?>\s+|<!--.*?-->|<\?xml[^>]*>|<!doctype[^>]*>)*+"
    r"<(?:html|head|body|meta|style|p|div|span|font|h[1-6]|table|ul|ol|b|strong|section|article|center|o:p)(?=[\s>/])",
    re.IGNORECASE | re.DOTALL,
)
LINKED = re.compile(r"""<a\s[^<>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
LOST = frozenset(
    {"img", "object", "embed", "iframe", "video", "audio", "canvas", "svg", "math", "form", "input", "select", "button"}
    | {"textarea", "script", "v:imagedata"}
)
SAME = {"b": "strong", "i": "em", "strike": "s", "section": "div", "article": "div", "center": "div"}
RENAMED = re.compile(rf"<(/?)({'|'.join(SAME)})>")
EMPTY = re.compile(r"<(p|div|h[1-6]|strong|em|u)>(?:\s|&nbsp;|<br>)*</\1>")


def is_html(body: str) -> bool:
    """Whether the whole of it is HTML: it begins with an element."""
    return BEGINS.match(body) is not None


def taken_in(body: str) -> str:
    """Cleaned: its words, headings, lists, tables and links, without styles and what else only makers of pages need.

    Raises `Refused` for what would be lost (pictures, forms), for links that lead nowhere, and for what is too deep.
    """
    _must_be_possible(_without_comments(body))
    known = nh3.clean(body, tags=set(TAGS | SAME.keys()), clean_content_tags=set(UNSHOWN), attributes=ATTRIBUTES)
    made = clean(RENAMED.sub(lambda found: f"<{found[1]}{SAME[found[2]]}>", known))
    while (less := EMPTY.sub("", made)) != made:
        made = less
    return made.strip()


def _must_be_possible(body: str) -> None:
    for number, (found, depth) in enumerate(tags(body), 1):
        if (tag := found[2].lower()) in LOST and not found[1]:
            raise refusals.BODY_HOLDS(tag=tag, line=_line(body, found.start()))
        if depth > LEVELS:
            raise refusals.BODY_TOO_DEEP()
        if number > MOST:
            raise refusals.BODY_OF_MANY_ELEMENTS(limit=MOST // 2)
    for found in LINKED.finditer(body):
        address = html.unescape(found[1] or found[2] or found[3] or "").strip()
        if address and not leads_somewhere(address):
            raise refusals.BODY_LEADS_NOWHERE(link=address[:100], line=_line(body, found.start()))


def _without_comments(body: str) -> str:
    """With the line ends of each. One that never ends reaches to the end of the text."""
    parts, at = [], 0
    while (begins := body.find("<!--", at)) >= 0:
        ends = body.find("-->", begins)
        parts.append(body[at:begins])
        at = len(body) if ends < 0 else ends + 3
        parts.append("\n" * body.count("\n", begins, at))
    return "".join((*parts, body[at:]))


def _line(body: str, at: int) -> int:
    return body.count("\n", 0, at) + 1
