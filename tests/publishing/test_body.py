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
        r"\<script>alert(1)\</script>",
        "`<img src=x onerror=alert(1)>`",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://elsewhere.example/pixel.png)",
        r"\<a href='https://e.example' onclick='f()'>x\</a>",
        '[x](https://e.example "\\" onmouseover=f()")',
    ],
)
def test_nothing_active_and_nothing_from_elsewhere_comes_through(attack: str) -> None:
    found = Elements()
    found.feed(render(attack))

    assert {tag for tag, _ in found.seen} <= {"p", "a", "code"}
    assert {name for _, attributes in found.seen for name in attributes} <= {"href", "title", "rel"}
    assert all(attributes["href"].startswith("https://") for tag, attributes in found.seen if tag == "a")


@given(st.text(max_size=300) | MARKUP)
def test_of_any_text_a_browser_makes_nothing_but_harmless_elements(text: str) -> None:
    found = Elements()
    try:
        found.feed(render(text))
    except Refused:
        return

    assert {tag for tag, _ in found.seen} <= HARMLESS
    for tag, attributes in found.seen:
        assert set(attributes) <= {"a": {"href", "title", "rel"}, "ol": {"start"}}.get(tag, set())
        assert attributes.get("href", "https:").partition(":")[0].lower() not in ("javascript", "data", "vbscript")


@given(st.lists(st.text(alphabet="政务公开清远abc123", min_size=1, max_size=20), min_size=1, max_size=5))
def test_no_word_of_a_plain_text_is_lost(words: list[str]) -> None:
    html = render("\n\n".join(words))

    assert [line.removeprefix("<p>").removesuffix("</p>") for line in html.splitlines()] == words


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("**提示：**五月起办理", "<strong>提示：</strong>五月起办理"),
        ("**《办法》**第三条", "<strong>《办法》</strong>第三条"),
        ("请见**“附件1”**，谢谢", "请见<strong>“附件1”</strong>，谢谢"),
        ("请**务必**带**（原件）**来", "请<strong>务必</strong>带<strong>（原件）</strong>来"),
        ("*注：*本表", "<em>注：</em>本表"),
        ("__提示：__五月", "<strong>提示：</strong>五月"),
        ("***重要：***通知", "<em><strong>重要：</strong></em>通知"),
        ("3*5*2", "3*5*2"),
        ("2**3**4", "2**3**4"),
        ("长*宽*高", "长*宽*高"),
        ("5*（3+2）*4", "5*（3+2）*4"),
        ("138****0000、139****1111", "138****0000、139****1111"),
        ("张*三、李*四", "张*三、李*四"),
        ("王**，李**", "王**，李**"),
        ("姓名____年龄____", "姓名____年龄____"),
        ("    四个空格", "四个空格"),
        ("\t制表符", "制表符"),
        ("清远市\n新城", "清远市<br>\n新城"),
        ("[1]: 见附件", "[1]: 见附件"),
        ("[x](java&#9;script:1)", "[x](java\tscript:1)"),
        ("[x](//evil.example)", "[x](//evil.example)"),
        ("[x](http://www.gov.cn@evil.example)", "[x](http://www.gov.cn@evil.example)"),
        ("[x](ftp://a.example)", "[x](ftp://a.example)"),
        ("[站内](/items/1)", '<a href="/items/1" rel="noopener noreferrer">站内</a>'),
        ("[电话](tel:0763-3360000)", '<a href="tel:0763-3360000" rel="noopener noreferrer">电话</a>'),
        ("面积<100 且 >50", "面积&lt;100 且 &gt;50"),
    ],
)
def test_a_text_is_shown_as_chinese_editors_mean_it(typed: str, shown: str) -> None:
    assert render(typed) == f"<p>{shown}</p>\n"


def test_a_list_of_twenty_levels_and_twenty_quotations_keep_their_words() -> None:
    assert render("".join("  " * level + f"- 第{level}层\n" for level in range(20))).count("层") == 20
    assert "最里" in render(">" * 20 + " 最里")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("".join("  " * level + "- 甲\n" for level in range(60)), "item.too_deep"),
        (">" * 199_000, "item.too_deep"),
        ("[" * 199_900, "item.tangled"),
        ("![" * 99_900, "item.tangled"),
        ("*a_ " * 40_000, "item.tangled"),
        (("[" * 490 + "\n\n") * 400, "item.tangled"),
        ("|a|\n|-|\n" + "|1\n" * 60_000, "item.many_lines"),
        ("|甲|乙|\n|-|-|\n|1|2|丢失|", "item.loses_words"),
        ("一\n\n<span lang=EN-US>二</span>", "item.tags"),
    ],
)
def test_what_would_be_lost_or_hold_others_up_is_refused_with_what_to_do(body: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        render(body)


def test_too_long_a_text_or_page_is_refused() -> None:
    assert render("a" * 200_000)
    for text in ("a" * 200_001, "政" * 66_667, "a>" * 64_000):  # 3 bytes each; 320 kB once `>` is `&gt;`
        with pytest.raises(Refused, match=r"item\.too_long"):
            render(text)
