"""From Markdown to the HTML that the public reads."""

import nh3
from markdown_it import MarkdownIt

from services.publishing.domain import refusals

MARKDOWN_BYTES, HTML_BYTES = 200_000, 256_000
TAGS = frozenset(
    {"a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "strong"}
    | {"table", "tbody", "td", "th", "thead", "tr", "ul"}
)
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def render(markdown: str) -> str:
    """CommonMark with tables, as sanitised HTML; tags typed in the text stay text, pictures are left out.

    Raises `Refused` if the text or its HTML is too long.
    """
    if len(markdown.encode()) > MARKDOWN_BYTES:
        raise refusals.BODY_TOO_LONG(limit=MARKDOWN_BYTES // 1000)
    html = nh3.clean(_markdown.render(markdown), tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=set(SCHEMES))
    if len(html.encode()) > HTML_BYTES:
        raise refusals.BODY_TOO_LONG(limit=HTML_BYTES // 1000)
    return html
