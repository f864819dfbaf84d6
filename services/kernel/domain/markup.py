"""The HTML of a public text: what may stand in it, for whoever makes it and for whoever shows it."""

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


def clean(html: str) -> str:
    """The same with nothing but this in it. What is clean stays byte for byte what it is."""
    return nh3.clean(
        html, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=set(SCHEMES), clean_content_tags=set(UNSHOWN)
    )


def text_of(html: str) -> str:
    """Its text alone, as HTML without a tag."""
    return nh3.clean(html, tags=set(), clean_content_tags=set(UNSHOWN))
