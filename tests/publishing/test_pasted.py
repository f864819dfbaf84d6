"""HTML pasted from word processors and pages: taken in and cleaned, and nothing lost unsaid."""

import html as entities
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.domain.decision import Refused
from services.kernel.domain.markup import TAGS, clean
from services.publishing.domain import Doubt, render
from services.publishing.domain.links import doubtful

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta charset="utf-8"><title>文档1</title>
<style><!-- p.MsoNormal {mso-style-name:"x"; font-family:宋体} --></style>
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]--></head>
<body lang="ZH-CN" style="tab-interval:21pt"><!--StartFragment-->
<h1 align="center" style="margin:0">关于<span lang="EN-US">2026</span>年预算的通知</h1>
<p class="MsoNormal" style="text-indent:24pt"><b><span style="font:宋体">提示：</span></b>五月起办理<o:p></o:p></p>
<p class="MsoNormal"><span lang="EN-US"><o:p>&nbsp;</o:p></span></p>
<p class="MsoListParagraph"><![if !supportLists]><span>1.<span>&nbsp;&nbsp;</span></span><![endif]>范围：全市</p>
<table class="MsoTableGrid"><tr><td colspan="2" width="200"><p class="MsoNormal">面积 100m<sup>2</sup></p></td></tr>
<tr><td><p>甲</p></td><td><p>乙</p></td></tr></table>
<div><a href="https://www.gov.cn/x?a=1&amp;b=2">国务院</a></div><!--EndFragment--></body></html>"""


def test_a_document_from_a_word_processor_keeps_its_words_and_its_shape() -> None:
    html = render(WORD)

    assert "<h1>关于2026年预算的通知</h1>" in html
    assert "<p><strong>提示：</strong>五月起办理</p>" in html
    assert "范围：全市" in html
    assert '<td colspan="2"><p>面积 100m<sup>2</sup></p></td>' in html
    assert '<a href="https://www.gov.cn/x?a=1&amp;b=2"' in html
    assert "<p>&nbsp;</p>" not in html
    assert not re.search(r"Mso|style|Normal|文档1|<o:p|<!--|lang=", html)


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ('<p class="MsoNormal">一</p>', "<p>一</p>"),
        ("<DIV>一</DIV><DIV>二</DIV>", "<div>一</div><div>二</div>"),
        ("<p>甲<i>乙</i><strike>丙</strike></p>", "<p>甲<em>乙</em><s>丙</s></p>"),
        ("<p>1 &lt; 2，3*5*2，**不是**标记</p>", "<p>1 &lt; 2，3*5*2，**不是**标记</p>"),
        ("<center><font color=red>一</font></center>", "<div>一</div>"),
        ("<p>甲<br>乙", "<p>甲<br>乙</p>"),
        ("<!-- x --><p>一</p><p>&nbsp;</p><p><b> </b></p>", "<p>一</p>"),
        ("<span style='x'>一</span>", "一"),
    ],
)
def test_what_is_pasted_is_cleaned(body: str, made: str) -> None:
    assert render(body) == made


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ('<p>一</p>\n<p><img src="a.png"></p>', "item.not_text", "Line 2"),
        ("<p>一<iframe src=//e.example></iframe>", "item.not_text", "<iframe>"),
        ("<p>一<script>alert(1)</script>", "item.not_text", "<script>"),
        ("<p>一<form><input></form>", "item.not_text", "<form>"),
        ('<p><a href="java&#9;script:1">x</a>', "item.link", "Line|line 1"),
        ('<p>一</p>\n<p><a href="//evil.example">x</a>', "item.link", "line 2"),
        ("<p><a href='http://www.gov.cn@evil.example/'>x</a>", "item.link", "evil.example"),
        ("<p><a href=file:///C:/a.doc>x</a>", "item.link", "file:"),
        ("<p> </p>", "item.empty", "nothing"),
        ("<p>&#8203;</p>", "item.empty", "nothing"),
        ("---", "item.empty", "nothing"),
        ("&nbsp;", "item.empty", "nothing"),
        ("前言 <b>二</b>", "item.tags", "<b>"),
        ("<p>甲" + "<div>" * 200, "item.too_deep", "levels"),
        ("<p>甲" + '<div title="<">' * 200, "item.too_deep", "levels"),
        ("<p>甲" + "<div></x>" * 200, "item.too_deep", "levels"),
        ("<p>" * 50_000 + "甲", "item.many_elements", "40000|20000"),
    ],
)
def test_what_would_be_lost_is_refused_with_its_place(body: str, code: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as no:
        render(body)
    assert no.value.code == code


@pytest.mark.parametrize(
    "body",
    ["<p>甲<!--" * 15_000, "<p>甲" + "<a " * 60_000, "<p>甲" + '<a href="' * 15_000, "<p>甲<![endif]" * 10_000,
     "<p>甲" + "".join(f"<x{n}></x{n}>" for n in range(12_000)),
     "<!---->" * 25_000 + "x", "<p>甲" + "<b>" * 90 + "<p>" * 19_000, "<p>" + "&" * 150_000],
)  # fmt: skip
def test_hostile_html_is_taken_in_or_refused_and_never_ground_on(body: str) -> None:
    """Each of these took from seconds to minutes with a parser that looks back; the suite's bound per test ends it."""
    try:
        made = render(body)
    except Refused:
        return
    assert "甲" in made or "x" in made


WORDS = st.text(alphabet="政务公开清远abc123 ", min_size=1, max_size=12)
PIECES = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["p", "div", "span", "b", "i", "td", "li", "ul", "h2", "font color=red", "o:p", "section"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@given(st.lists(PIECES, min_size=1, max_size=4))
def test_no_word_of_pasted_html_is_lost_and_what_is_clean_stays_as_it_is(pieces: list[str]) -> None:
    body = "<div>题" + "".join(pieces) + "</div>"
    html = render(body)

    def letters(text: str) -> list[str]:
        return re.findall(r"[^\W_]", entities.unescape(re.sub(r"<[^>]*>", "", text)))

    assert sorted(letters(html)) == sorted(letters(body))
    assert clean(html) == html
    assert set(re.findall(r"<([a-z0-9:]+)", html)) <= TAGS


@pytest.mark.parametrize(
    ("link", "doubts"),
    [
        ("[x](http://192.0.2.1/)", [Doubt.NUMBERED_HOST]),
        ("[x](http://3232235777/)", [Doubt.NUMBERED_HOST]),
        ("[x](http://0x7f.1/)", [Doubt.NUMBERED_HOST]),
        ("[x](http://[2001:db8::1]/)", [Doubt.NUMBERED_HOST]),
        ("[ ](http://192.0.2.1/)", [Doubt.NO_TEXT, Doubt.NUMBERED_HOST]),
        ("[\u3164](https://a.example/)", [Doubt.NO_TEXT]),
        ("[www.gov.cn](https://evil.example/)", [Doubt.OTHER_HOST_SHOWN]),
        ("[见 https://www.gov.cn/](https://gov.cn.evil.example/)", [Doubt.OTHER_HOST_SHOWN]),
        ("[x](https://xn--80ak6aa92e.com/)", [Doubt.FOREIGN_LETTERS]),
        ("[www.gov.cn](https://www.gov.cn/a)", []),
        ("[gov.cn](https://www.gov.cn/a)", []),
        ("[国务院](https://www.gov.cn/a)", []),
        ("[办事](/columns/guides)", []),
        ("[写信](mailto:a@example.cn)", []),
    ],
)
def test_doubtful_links_are_named(link: str, doubts: list[Doubt]) -> None:
    html = render(f"请见{link}。")

    assert [found.why for found in doubtful(html)] == doubts
