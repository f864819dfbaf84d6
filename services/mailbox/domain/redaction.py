"""Finds a writer's name and contact in a text as a reader would, however they are hidden (RULES 5).

Readers do not see invisible characters, and read across marks and spaces, in any width; they take the letter O for a
nought and understand numbers in Chinese.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from services.kernel.domain.text import EXTENSION, INVISIBLE

AROUND = 3  # characters shown beside a place, so that a person sees what it is part of
CHINESE = dict(
    zip(
        "〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖弌弍弎貳參叄陸壱弐参两兩幺洞拐勾",
        "001234567891234567891232336123221079", strict=True,
    )
)  # fmt: skip
LOOKALIKE = {"o": "0", "l": "1", "i": "1"}
LATIN = str.maketrans(
    "аеорсухіјѕһԁԛԝвкмнт" "αεοικνρτυχβηγωı" "○◯⭕", "aeopcyxijshdqwbkmht" "aeoiknptuxbhywi" "ooo"
)  # fmt: skip
"""Cyrillic and Greek letters and circles by what they look like, small and large (Unicode UTS 39, confusables)."""
CHINA = re.compile(r"^(?:00)?86(?=1\d{10}$|[2-9]\d{8,10}$)")
WHOLE = 10  # digits from which on a number is nobody else's
BETWEEN = r"\D{0,2}"  # letters that a reader skips within a number: 138x0000x0000, 138加0000加0000
BESIDE = r".{0,6}"  # what may stand for the @ of an address: a, 爱特, #64, 后缀
AT = r"(?:@|at|艾特|圈a|小老鼠)"
DOT = r"(?:dot|点)?"


class Folded(NamedTuple):
    """A text as it is read: the characters that count, and where each stands in the text."""

    characters: str
    at: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a text that tells who its writer is. `certain`: it cannot well be anything else."""

    start: int
    end: int
    certain: bool

    def shown(self, text: str) -> str:
        """The place with what stands around it."""
        return text[max(0, self.start - AROUND) : self.end + AROUND]

    def lies_within(self, stretch: str, text: str) -> bool:
        """Whether some occurrence of `stretch` in the text covers it."""
        begin = text.find(stretch)
        while begin != -1:
            if begin <= self.start and self.end <= begin + len(stretch):
                return True
            begin = text.find(stretch, begin + 1)
        return False


def places(text: str, contact: Iterable[str]) -> list[Place]:
    """Where the text tells the writer's name, phone or e-mail; each place once. `contact`: as they gave it."""
    words = _folded(text)
    numbers = _numbers(words)
    found: dict[tuple[int, int], bool] = {}
    for told in contact:
        for folded, pattern, certain in _looked_for(told, words, numbers):
            for hit in pattern.finditer(folded.characters):
                span = folded.at[hit.start()], folded.at[hit.end() - 1] + 1
                found[span] = found.get(span, False) or certain
    return [Place(*span, certain) for span, certain in sorted(found.items())]


def _looked_for(told: str, words: Folded, numbers: Folded) -> Iterator[tuple[Folded, re.Pattern[str], bool]]:
    if "@" in told:
        local, _, domain = told.rpartition("@")
        yield words, re.compile(_letters(local) + AT + _letters(domain)), True
        yield words, re.compile(_letters(local) + BESIDE + _letters(domain)), False
        if len(local) >= 5 and local.isdecimal():  # a QQ number is an address as well
            yield numbers, re.compile(local), False
        return
    if len(digits := "".join(c for c in _numbers(_folded(EXTENSION.sub("", told))).characters if c.isdecimal())) >= 5:
        national = CHINA.sub("", digits)
        number = national.removeprefix("0")
        yield numbers, re.compile(number), len(national) >= WHOLE
        yield numbers, re.compile(BETWEEN.join(number)), False
        if (local := _local(national)) != national:
            yield numbers, re.compile(local), False
        return
    if name := _folded(told).characters:
        yield words, re.compile(re.escape(name)), False


def _letters(part: str) -> str:
    """A pattern of an address's part; its dots may be gone, or be said in words."""
    return DOT.join(re.escape(_folded(piece).characters) for piece in part.split(".") if piece)


def _local(national: str) -> str:
    """A fixed number without its area code (3 digits for Beijing and 02x, else 4), or the number itself."""
    if not national.startswith("0"):
        return national
    return national[3:] if national.startswith(("010", "02")) else national[4:]


def _folded(text: str) -> Folded:
    """Letters and digits by compatibility forms (NFKD) and looks, without case and marks; `@` stays."""
    characters, at = [], []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold().translate(LATIN):
            if part == "@" or (part.isalnum() and not INVISIBLE.match(part)):
                characters.append(part)
                at.append(place)
    return Folded("".join(characters), tuple(at))


def _numbers(folded: Folded) -> Folded:
    """The same with whatever is read as a digit as that digit; other letters stay and separate numbers."""
    return Folded("".join(map(_digit, folded.characters)), folded.at)


def _digit(character: str) -> str:
    if (value := unicodedata.digit(character, None)) is not None:
        return str(value)
    return CHINESE.get(character) or LOOKALIKE.get(character) or character
