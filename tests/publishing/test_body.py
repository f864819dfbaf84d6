"""From Markdown to what the public reads."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.domain.decision import Refused
from services.publishing.domain import render

HEADINGS, TABLES = {f"h{n}" for n in range(1, 7)}, {"table", "thead", "tbody", "tr", "th", "td"}
HARMLESS = {"p", "br", "hr", "blockquote", "ol", "ul", "li", "em", "strong", "code", "pre", "a"} | HEADINGS | TABLES
MARKUP = st.text(alphabet="<>&\"'/=[]()!`*#|-:\n abjsx1政", max_size=300)


def test_headings_lists_links_and_tables_become_html() -> None:
    html = render("## 一\n\n1. 甲\n2. 乙\n\n[网](https://example.org)\n\n|a|b|\n|-|-:|\n|1|2|\n")

    assert "<h2>一</h2>" in html
    assert "<ol>\n<li>甲</li>" in html
    assert '<a href="https://example.org" rel="noopener noreferrer">网</a>' in html
    assert "<table>" in html
    assert "style" not in html


class Elements(HTMLParser):
    """The elements a browser would make of it, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://elsewhere.example/pixel.png)",
        "<a href='https://e.example' onclick='f()'>x</a>",
        '[x](https://e.example "\\" onmouseover=f()")',
    ],
)
def test_nothing_active_and_nothing_from_elsewhere_comes_through(attack: str) -> None:
    found = Elements()
    found.feed(render(attack))

    assert {tag for tag, _ in found.seen} <= {"p", "a"}
    assert {name for _, attributes in found.seen for name in attributes} <= {"href", "title", "rel"}
    assert all(attributes["href"].startswith("https://") for tag, attributes in found.seen if tag == "a")


@given(st.text(max_size=300) | MARKUP)
def test_of_any_text_a_browser_makes_nothing_but_harmless_elements(text: str) -> None:
    found = Elements()
    found.feed(render(text))

    assert {tag for tag, _ in found.seen} <= HARMLESS
    for tag, attributes in found.seen:
        assert set(attributes) <= {"a": {"href", "title", "rel"}, "ol": {"start"}}.get(tag, set())
        assert attributes.get("href", "https:").partition(":")[0].lower() not in ("javascript", "data", "vbscript")


@given(st.lists(st.text(alphabet="政务公开清远abc123", min_size=1, max_size=20), min_size=1, max_size=5))
def test_no_word_of_a_plain_text_is_lost(words: list[str]) -> None:
    html = render("\n\n".join(words))

    assert [line.removeprefix("<p>").removesuffix("</p>") for line in html.splitlines()] == words


def test_too_long_a_text_or_page_is_refused() -> None:
    assert render("a" * 200_000)
    for text in ("a" * 200_001, "政" * 66_667, "&" * 100_000):  # 3 bytes each; 500 kB once each is `&amp;`
        with pytest.raises(Refused, match=r"item\.too_long"):
            render(text)
