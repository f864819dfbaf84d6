"""The HTML of a public text: what may stand in it, for whoever makes it and for whoever shows it."""

import html
import re
from collections import Counter
from collections.abc import Iterator

import nh3

TAGS = frozenset(
    {"a", "blockquote", "br", "caption", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ins"}
    | {"li", "ol", "p", "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u"}
    | {"ul"}
)
ATTRIBUTES = {
    "a": {"href", "title"}, "ol": {"start"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
}  # fmt: skip
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
UNSHOWN = {"head", "script", "style", "title", "xml"}  # elements that go with what is in them
DEEPEST = 150  # elements within each other that are read: deep ones cost the square of their number
OPENED = re.compile(r"<(/?)([a-z][a-z0-9:-]*)", re.IGNORECASE)
ENDS_ITSELF = frozenset(
    {"area", "base", "br", "col", "dd", "dt", "hr", "input", "li", "link", "meta", "option", "p", "td", "th", "tr"}
    | {"wbr"}
)


def clean(told: str) -> str:
    """The same with nothing but this in it. What is clean stays byte for byte what it is.

    What nobody here made, with more elements within each other than are read, is shown as the text that it is.
    """
    if any(depth > DEEPEST for _, depth in tags(told)):
        return html.escape(told)
    return nh3.clean(
        told, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=set(SCHEMES), clean_content_tags=set(UNSHOWN)
    )


def tags(told: str) -> Iterator[tuple[re.Match[str], int]]:
    """Each tag, and how many elements are open after it."""
    within, depth = Counter[str](), 0
    for found in OPENED.finditer(told):
        tag = found[2].lower()
        step = -(within[tag] > 0) if found[1] else tag not in ENDS_ITSELF
        within[tag] += step
        depth += step
        yield found, depth


def text_of(told: str) -> str:
    """Its text alone, as HTML without a tag."""
    return nh3.clean(told, tags=set(), clean_content_tags=set(UNSHOWN))
