"""From Markdown as Chinese editors write it to the HTML that the public reads."""

import html
import re
from collections import Counter

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from services.kernel.domain.markup import clean, text_of
from services.kernel.domain.text import VISIBLE, seen
from services.publishing.domain import refusals
from services.publishing.domain.emphasis import for_chinese
from services.publishing.domain.links import leads_somewhere
from services.publishing.domain.pasted import is_html, taken_in

MARKDOWN_BYTES, HTML_BYTES = 200_000, 256_000
LINES, MARKS_IN_ALL = 10_000, 20_000
MARKS = 500  # in one paragraph or cell: brackets that do not close cost the square of their number
LEVELS = 60  # of lists and quotations within each other; a list within a list is two
MARK = re.compile(r"[][*_`!<&\\]")
PASTED = re.compile(
    r"</?(?:p|div|span|font|center|section|table|tbody|thead|tr|td|th|br|hr|b|i|u|strong|em|h[1-6]|ul|ol|li|a|img"
    r"|style|script|o:p)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
LETTER = re.compile(r"[^\W\d_]")
# What stands in Markdown and not in its HTML: tags, references, the language of a fence
UNEVEN = re.compile(r"[<&\\]|```|~~~")


class Markdown(MarkdownIt):
    """CommonMark with tables, for Chinese: lines end where they were ended, an indented paragraph is a paragraph."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "breaks": True, "maxNesting": 2 * LEVELS})
        self.enable("table").disable(["image", "code", "reference"]).use(for_chinese)
        self.core.ruler.before("inline", "bounded", _bounded)
        self.core.ruler.after("inline", "pasted", _pasted)

    def validateLink(self, url: str) -> bool:
        """A link that is none of ours stays as it was typed, for everybody to see."""
        return leads_somewhere(url)


def render(body: str) -> str:
    """The text as the HTML that the public reads; `body`: Markdown, or HTML as it is pasted from elsewhere.

    Takes up to a second: keep it off the event loop. Raises `Refused` if the text or its HTML is too long, too deep or
    too tangled, holds what cannot be shown, has nothing to read, or would lose words.
    """
    if len(body.encode()) > MARKDOWN_BYTES:
        raise refusals.BODY_TOO_LONG(limit=MARKDOWN_BYTES // 1000)
    if body.count("\n") >= LINES:
        raise refusals.BODY_OF_MANY_LINES(limit=LINES)
    pasted = is_html(body)
    made = taken_in(body) if pasted else clean(_markdown.render(body))
    if len(made.encode()) > HTML_BYTES:
        raise refusals.BODY_TOO_LONG(limit=HTML_BYTES // 1000)
    text = text_of(made)
    if not VISIBLE.search(seen(html.unescape(text))):
        raise refusals.BODY_EMPTY()
    if pasted:
        _must_keep_all(text_of(body), text, LETTER)
    else:
        _must_keep_all(body, made, HAN if UNEVEN.search(body) else LETTER)
    return made


def _must_keep_all(written: str, made: str, letter: re.Pattern[str]) -> None:
    """Every letter that was written is in what the public reads: a table's cells beyond its head would be dropped."""
    shown = Counter(letter.findall(html.unescape(made)))
    if lost := Counter(letter.findall(html.unescape(written))) - shown:
        raise refusals.BODY_LOSES(lost="".join(lost)[:20])


def _bounded(state: StateCore) -> None:
    """What would take more than its share of time or lose its depths, before it is rendered."""
    marks = 0
    for token in state.tokens:
        if token.level > LEVELS:
            raise refusals.BODY_TOO_DEEP()
        if token.type == "inline":
            here = len(MARK.findall(token.content))
            marks += here
            if here > MARKS or marks > MARKS_IN_ALL:
                raise refusals.BODY_TANGLED(limit=MARKS, in_all=MARKS_IN_ALL, line=_line(token))


def _pasted(state: StateCore) -> None:
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "text" and (tag := PASTED.search(child.content)):
                raise refusals.BODY_OF_TAGS(tag=tag[0][:60], line=_line(token))


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1


_markdown = Markdown()
