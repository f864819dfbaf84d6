"""From Markdown to what the public reads."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.domain.decision import Refused
from services.publishing.domain import MARKDOWN_BYTES, render


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


@given(st.text(max_size=300))
def test_any_text_can_be_rendered_the_same_way_twice(text: str) -> None:
    assert render(text) == render(text)


def test_too_long_a_text_or_page_is_refused() -> None:
    for text in ("政" * (MARKDOWN_BYTES // 3 + 1), "&" * (MARKDOWN_BYTES // 2)):
        with pytest.raises(Refused, match=r"item\.too_long"):
            render(text)
