"""Which asterisks and underscores in a Chinese text are emphasis, and which are just what was typed.

CommonMark asks for a space beside punctuation, which Chinese does not write: `**提示：**五月起办理` would keep its
asterisks. And it takes for italics what people mean literally: `3*5*2`, `138****0000`, the masked names `张*三、李*四`.
"""

import unicodedata
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

MARKS = frozenset("*_")
LONGEST = 3  # `***` is bold italics; a longer run is a mask, or a line to fill in
CLOSING = frozenset("，。、；：？！,.;:?!")  # nobody begins an emphasis with them


class Run(NamedTuple):
    """A run of equal marks, and the characters beside it; a space stands for the ends of the text."""

    mark: str
    length: int
    before: str
    after: str

    @property
    def opens(self) -> bool:
        """Whether an emphasis may begin here."""
        if self.length > LONGEST or self.after.isspace() or self._between_ascii:
            return False
        if self.after in CLOSING or unicodedata.category(self.after) in ("Pe", "Pf"):
            return False
        return self._bold or not _is_word(self.before)

    @property
    def closes(self) -> bool:
        """Whether an emphasis may end here."""
        if self.length > LONGEST or self.before.isspace() or self._between_ascii:
            return False
        if unicodedata.category(self.before) in ("Ps", "Pi"):
            return False
        if self._bold or not _is_word(self.after):
            return True
        return not _is_word(self.before) and not self.after.isascii()

    @property
    def _bold(self) -> bool:
        """Bold by asterisks may stand amid a Chinese sentence; one mark, or a blank to fill in, may not."""
        return self.mark == "*" and self.length > 1

    @property
    def _between_ascii(self) -> bool:
        return (self.before + self.after).isascii() and _is_word(self.before) and _is_word(self.after)


def for_chinese(markdown: MarkdownIt) -> None:
    """A part for markdown-it: its rule of emphasis is replaced by ours."""
    markdown.inline.ruler.at("emphasis", _tokenize)


def _tokenize(state: StateInline, silent: bool) -> bool:
    mark = state.src[state.pos]
    if silent or mark not in MARKS:
        return False
    run = _run(state, mark)
    for _ in range(run.length):
        state.push("text", "", 0).content = mark
        state.delimiters.append(
            Delimiter(
                marker=ord(mark), length=run.length, token=len(state.tokens) - 1, end=-1,
                open=run.opens, close=run.closes,
            )
        )  # fmt: skip
    state.pos += run.length
    return True


def _run(state: StateInline, mark: str) -> Run:
    start = end = state.pos
    while end < state.posMax and state.src[end] == mark:
        end += 1
    before = state.src[start - 1] if start else " "
    after = state.src[end] if end < state.posMax else " "
    return Run(mark, end - start, before, after)


def _is_word(character: str) -> bool:
    return character.isalnum()
