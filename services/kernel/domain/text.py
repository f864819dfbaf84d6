"""One door for what people write: each kind of text is folded to how it is kept, then checked; everywhere alike.

Folding takes away what nobody sees and nobody meant: forms of the same character (Unicode Standard Annex 15), other
line ends, other spaces, invisible characters that come along when something is pasted. Checking refuses, as `Wrong`,
what has nothing to see, what steers how its neighbours are shown (UAX 9), and what no keyboard makes.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import phonenumbers
import regex
from email_validator import EmailNotValidError, validate_email

from services.kernel.domain.decision import Wrong

LINE_END = regex.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
# A telephone number as address books copy it:
COPIED_NUMBER = regex.compile(r"[\u202a\u202d]([\d+\-() .\xa0\u200b-\u200f\u2060\ufeff]+)\u202c")
STEERING = regex.compile(r"[\u202a-\u202e\u2066-\u2069]")
NO_CHARACTER = regex.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufff9-\ufffb\ufffd]|\p{Noncharacter_Code_Point}|\p{Cs}")
INVISIBLE = regex.compile(
    r"""
    (?: (?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]) \u200d        # one emoji made of several
            (?=\p{Extended_Pictographic})
      | (?<=[\p{L}\p{N}\p{P}\p{S}]) [\ufe00-\ufe0f\U000e0100-\U000e01ef]        # a variant of the character before
      | (?<=\p{Mongolian}) [\u180b-\u180f\u200d]                                # forms of Mongolian letters
      | (?<=[\p{Arab}\p{Deva}\p{Beng}\p{Mlym}\p{Sinh}]) [\u200c\u200d]     # joined, or not, in their scripts
      | \U0001f3f4 [\U000e0020-\U000e007f]{1,12}                                # flags
    ) (*SKIP)(*FAIL) | \p{Default_Ignorable_Code_Point} | [\ufffc\U0001d159\p{Cf}--\p{Prepended_Concatenation_Mark}]
    """,
    regex.VERBOSE | regex.VERSION1,
)
SPACE = regex.compile(r"[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u2800]")
VISIBLE = regex.compile(r"[\p{L}\p{N}\p{P}\p{S}]")
# What a search for graphemes would go through again and again:
PILED = regex.compile(r"\p{M}{9}|\p{Regional_Indicator}{41}")
GRAPHEME = regex.compile(r"\X")
JOINING = regex.compile(
    r"[^\p{Grapheme_Cluster_Break=Other}\p{Grapheme_Cluster_Break=Control}\p{Grapheme_Cluster_Break=LF}]"
)
DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹘﹣ーㄧ", "-"))
EXTENSION = regex.compile(r"[ ,，]*(?:转|轉|分机|ext\.?|x|#|(?<=\d{7})-) *(\d{1,6})$", regex.IGNORECASE)
WIDEST = 12  # code points that what people see as one character may have, on the whole

EMPTY = ("此项不能为空，请填写。", "It must not be empty. Fill it in.")
PHONE = (
    "请填写有效的电话号码，例如 13800000000 或 0763-3300000。",
    "Send a telephone number that can be dialled, like 13800000000 or 0763-3300000.",
)
EMAIL = ("请填写有效的电子邮箱，例如 name@example.com。", "Send an e-mail address, like name@example.com.")


def brief(whole: str, most: int) -> str:
    """At most `most` of what people see as characters, with a mark where something is left out."""
    first = [found[0] for found in islice(GRAPHEME.finditer(whole), most + 1)]
    return whole if len(first) <= most else "".join(first[:most]).rstrip() + "……"


def text(raw: str) -> str:
    """Of several lines, which end with `\\n`."""
    found = COPIED_NUMBER.sub(r"\1", LINE_END.sub("\n", raw))
    if steers := STEERING.search(found):
        code = f"U+{ord(steers[0]):04X}"
        raise Wrong(
            f"含有改变文字方向的字符（{code}），请删去后重新填写。",
            f"It holds a character that turns the direction of the text ({code}). Take it out.",
        )
    if strange := NO_CHARACTER.search(found):
        code = f"U+{ord(strange[0]):04X}"
        raise Wrong(
            f"含有无法识别的字符（{code}），请删去后重新填写。",
            f"It holds something that is no character ({code}). Take it out.",
        )
    found = unicodedata.normalize("NFC", seen(SPACE.sub(" ", found))).strip()
    if PILED.search(found):
        raise Wrong("叠加的符号太多，请重新填写。", "Too many marks are piled on one character. Type it again.")
    return found if VISIBLE.search(found) else ""


def seen(found: str) -> str:
    """Without what nobody sees. What goes may have been what let its neighbour stay."""
    while (less := INVISIBLE.sub("", found)) != found:
        found = less
    return found


def line(raw: str) -> str:
    """Of one line."""
    found = text(raw)
    if "\n" in found:
        raise Wrong("请写成一行，不要换行。", "Write it in one line, without a line break.")
    return found


def plain(raw: str) -> str:
    """Of letters, digits and signs that a machine reads: in their plain forms, without what nobody sees."""
    found = seen(SPACE.sub(" ", STEERING.sub("", LINE_END.sub("\n", raw))))
    return SPACE.sub(" ", unicodedata.normalize("NFKC", found)).strip()


def plain_line(raw: str) -> str:
    """As `plain`, with one kind of dash, checked like a line."""
    return line(plain(raw).translate(DASHES))


def telephone(raw: str) -> str:
    """As typed, in plain forms. It must be one that can be dialled from here (ITU-T E.164; China's numbering plan)."""
    found = plain_line(raw)
    try:
        number = phonenumbers.parse(EXTENSION.sub(r" ext. \1", found), "CN")
    except phonenumbers.NumberParseException:
        raise Wrong(*PHONE) from None
    of_china, digits = number.country_code == 86, str(number.national_number)
    known = phonenumbers.is_valid_number(number) if of_china else phonenumbers.is_possible_number(number)
    local = of_china and len(digits) in (7, 8)
    newer = of_china and len(digits) == 11 and digits.startswith("1")  # mobile ranges are opened each year
    if regex.search(r"\p{L}", EXTENSION.sub("", found)) or not (known or local or newer):
        raise Wrong(*PHONE)
    return found


def email(raw: str) -> str:
    """With its domain in small letters and in its own script (RFC 5321, 5322, 6531)."""
    try:
        return validate_email(plain(raw), check_deliverability=False, strict=True).normalized
    except EmailNotValidError:
        raise Wrong(*EMAIL) from None


def digits(raw: str) -> str:
    """A code of digits, however it is grouped."""
    return plain(regex.sub(r"[\s-]", "", plain(raw).translate(DASHES)))


def receipt(raw: str) -> str:
    """A receipt number: its letters are capitals, and none looks like a digit (Crockford's base 32)."""
    found = plain(regex.sub(r"\s", "", plain(raw).translate(DASHES))).upper().translate(str.maketrans("OIL", "011"))
    return f"{found[:8]}-{found[8:]}" if regex.fullmatch(r"\d{8}[0-9A-Z]{6}", found) else found


def length(found: str) -> int:
    """In what people see as characters (UAX 29)."""
    if not JOINING.search(found):  # most texts, read fifty times as fast: each code point is seen as one
        return len(found)
    return sum(1 for _ in GRAPHEME.finditer(found))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of field: how it is folded, and how long it may be, in what people see as characters."""

    fold: Callable[[str], str]
    least: int
    most: int

    def __call__(self, raw: str) -> str:
        """As it is kept. Raises `Wrong` with what to type instead."""
        found = self.fold(raw) if len(raw) <= WIDEST * self.most + 100 else raw
        if not found and self.least:
            raise Wrong(*EMPTY)
        n = length(found) if len(found) <= WIDEST * self.most else len(found)
        if n > self.most:
            raise Wrong(
                f"太长了：最多{self.most}个字，现在是{n}个。",
                f"It is too long: at most {self.most} characters, not {n}.",
            )
        if n < self.least:
            raise Wrong(
                f"太短了：至少要{self.least}个字，现在是{n}个。",
                f"It is too short: at least {self.least} characters, not {n}.",
            )
        return found
