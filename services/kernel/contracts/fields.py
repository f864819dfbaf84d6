"""What several programs take in and tell, declared once: codes, ids, and what a letter may be."""

from typing import Annotated

from pydantic import StringConstraints

from services.kernel.domain.decision import Words

RECEIPT, QUERY_CODE = r"[0-9A-Za-z-]{1,40}", r"[0-9]{10}"
PHONE, EMAIL = r"[0-9+ -]{6,20}", r"[^@\s\x00]{1,40}@[^@\s\x00]{1,40}\.[^@\s\x00.]{2,18}"
TITLE, TEXT, NAME = (2, 100), (5, 5_000), (1, 40)  # of a letter and its writer: characters, least and most


WANTED: dict[str, Words] = {}
"""What to type instead of a text that does not match, by pattern."""


def of(pattern: str, zh: str, en: str) -> StringConstraints:
    """A text that matches as a whole; the sentences say what is wanted."""
    WANTED[f"^{pattern}$"] = Words(zh, en)
    return StringConstraints(pattern=f"^{pattern}$")


def within(limits: tuple[int, int], pattern: str) -> StringConstraints:
    """A text of so many characters, each of which matches."""
    WANTED[f"^{pattern}*$"] = Words("不能含有换行或控制字符。", "It may hold no line breaks and no control characters.")
    return StringConstraints(min_length=limits[0], max_length=limits[1], pattern=f"^{pattern}*$")


DepartmentCode = Annotated[
    str,
    of(
        r"[a-z][a-z0-9_-]{0,39}",
        "请填写单位代码：小写字母开头，例如 finance。",
        "Send a department's code: it begins with a small letter, like finance.",
    ),
]
ColumnId = Annotated[
    str, of(r"c-[a-z0-9-]{1,250}", "请填写栏目编号，例如 c-news。", "Send a column's id, like c-news.")
]
ItemId = Annotated[
    str,
    of(
        r"[A-Za-z0-9-]{1,100}",
        "请填写信息编号：字母、数字和连字符。",
        "Send an item's id: letters, digits and hyphens.",
    ),
]
DisclosureClass = Annotated[
    str, of(r"[A-Z][0-9]{1,2}", "请填写公开类别，例如 G04。", "Send a disclosure class, like G04.")
]
Sha256 = Annotated[
    str,
    of(r"[0-9a-f]{64}", "请填写64位小写十六进制的 SHA-256 校验值。", "Send a SHA-256 as 64 small hexadecimal digits."),
]
Month = Annotated[
    str, of(r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])", "请填写月份，例如 2026-11。", "Send a month, like 2026-11.")
]

Receipt = Annotated[
    str, of(RECEIPT, "请填写受理编号，例如 20261127-7K3M9Q。", "Send a receipt number, like 20261127-7K3M9Q.")
]
QueryCode = Annotated[str, of(QUERY_CODE, "请填写10位数字的查询码。", "Send the query code of ten digits.")]
LetterTitle = Annotated[str, within(TITLE, r"[^\x00-\x1f]")]
LetterText = Annotated[str, within(TEXT, r"[^\x00]")]
WriterName = Annotated[str, within(NAME, r"[^\x00]")]
Phone = Annotated[
    str,
    of(
        PHONE,
        "请填写电话号码：6至20位数字，可含加号、空格和连字符。",
        "Send a telephone number: 6 to 20 digits, with plus, spaces or hyphens.",
    ),
]
Email = Annotated[
    str, of(EMAIL, "请填写电子邮箱，例如 name@example.com。", "Send an e-mail address, like name@example.com.")
]
