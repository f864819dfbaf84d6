"""What several programs take in and tell, declared once: codes, ids, and what a letter may be."""

from collections.abc import Callable
from typing import Annotated

from pydantic import BeforeValidator, Field, GetPydanticSchema, StrictInt, StringConstraints
from pydantic_core import core_schema

from services.kernel.domain import text
from services.kernel.domain.decision import Words

RECEIPT, QUERY_CODE = r"[0-9A-Za-z-]{1,40}", r"[0-9]{10}"

WANTED: dict[str, Words] = {}
"""What to type instead of a text that does not match, by pattern."""


def of(pattern: str, zh: str, en: str) -> StringConstraints:
    """A text that matches as a whole; the sentences say what is wanted."""
    WANTED[f"^{pattern}$"] = Words(zh, en)
    return StringConstraints(pattern=f"^{pattern}$")


def written(fold: Callable[[str], str], least: int, most: int) -> GetPydanticSchema:
    """What people write: folded, then checked; so many characters, least and most, as people see them."""
    kind = text.Kind(fold, least, most)
    return GetPydanticSchema(
        lambda source, handler: core_schema.no_info_after_validator_function(kind, handler(source)),
        lambda schema, handler: {**handler(schema), "minLength": least, "maxLength": most},
    )


def folded(fold: Callable[[str], str]) -> BeforeValidator:
    """What people copy from somewhere: folded before it is compared with its pattern."""
    return BeforeValidator(lambda value: fold(value) if isinstance(value, str) else value)


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
    str,
    folded(text.receipt),
    of(RECEIPT, "请填写受理编号，例如 20261127-7K3M9Q。", "Send a receipt number, like 20261127-7K3M9Q."),
]
QueryCode = Annotated[
    str, folded(text.digits), of(QUERY_CODE, "请填写10位数字的查询码。", "Send the query code of ten digits.")
]
LetterTitle = Annotated[str, written(text.line, 2, 100)]
LetterText = Annotated[str, written(text.text, 5, 5_000)]
WriterName = Annotated[str, written(text.line, 1, 40)]
Phone = Annotated[str, written(text.telephone, 1, 40)]
Email = Annotated[str, written(text.email, 1, 254)]
Stars = Annotated[StrictInt, Field(ge=1, le=5)]
