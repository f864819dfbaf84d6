"""What several programs take in and tell, declared once: codes, ids, and what a letter may be."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, GetPydanticSchema, StrictBool, StrictInt, StringConstraints
from pydantic_core import core_schema

from services.kernel.contracts.describing import means
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
    means("A department's code (单位代码): its name in every address.", "finance"),
]
Mailbox = Annotated[
    DepartmentCode,
    means("Whom the letter is for: `mayor`, a department's code, or `any` for whoever answers for it.", "finance"),
]
AnsweredBy = Annotated[DepartmentCode, means("Only those that this department answers for.", "finance")]
ColumnId = Annotated[
    str,
    of(r"c-[a-z0-9-]{1,250}", "请填写栏目编号，例如 c-news。", "Send a column's id, like c-news."),
    means("A column's id (栏目编号). It never changes.", "c-disclosure--notices"),
]
SLUGS = r"[a-z0-9]+(-[a-z0-9]+)*"
ColumnPath = Annotated[
    str, means("The slugs from the root, joined by `/`. It changes when the column moves.", "disclosure/notices")
]
ColumnReference = Annotated[
    str,
    of(
        rf"(c-[a-z0-9-]{{1,250}}|{SLUGS}(/{SLUGS}){{0,9}})",
        "请填写栏目编号或路径，例如 c-news 或 disclosure/notices。",
        "Send a column's id or path, like c-news or disclosure/notices.",
    ),
    Field(max_length=500),
    means("A column (栏目), by its id or by its path.", "disclosure/notices"),
]
ItemId = Annotated[
    str,
    of(
        r"[A-Za-z0-9-]{1,100}",
        "请填写信息编号：字母、数字和连字符。",
        "Send an item's id: letters, digits and hyphens.",
    ),
    means("An item's id (信息编号). It never changes.", "city-bus-service-standard"),
]
CLASSES: Mapping[str, str] = {
    "G01": "about the unit", "G02": "leaders and their division of work", "G03": "working bodies and their functions",
    "G04": "regulations, rules and normative documents", "G05": "plans of development, and their policies",
    "G06": "statistics of the economy and society", "G07": "budgets and final accounts",
    "G08": "administrative fees: item, basis, standard", "G09": "government procurement",
    "G10": "enforcement and permits: matter, basis, conditions, procedure, time limit, materials",
    "G11": "major construction projects", "G12": "poverty relief, education, health care, social security, employment",
    "G13": "emergencies: plans, warnings, response",
    "G14": "inspections of environment, public health, safety, food, drugs, quality",
    "G15": "other: meetings and activities, appointments, recruitment, whatever else the law demands",
    "P1": "functions and duties of a public institution", "P2": "its work rules, service standards and promises",
    "P3": "its matters: basis, time limit, procedure, result, fees", "P4": "its complaints and contacts",
    "P5": "other important information close to the public",
}  # fmt: skip
"""The classes of art. 8 in English; which of them count is data of each service."""
DisclosureClass = Annotated[
    str,
    of(r"[A-Z][0-9]{1,2}", "请填写公开类别，例如 G04。", "Send a disclosure class, like G04."),
    means(
        "\n".join(["A disclosure class (公开类别, art. 8):\n", *(f"- `{c}`: {said}" for c, said in CLASSES.items())]),
        "G15",
    ),
]
Sha256 = Annotated[
    str,
    of(r"[0-9a-f]{64}", "请填写64位小写十六进制的 SHA-256 校验值。", "Send a SHA-256 as 64 small hexadecimal digits."),
    means("A SHA-256 in hexadecimal.", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
]
Month = Annotated[
    str,
    of(r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])", "请填写月份，例如 2026-11。", "Send a month, like 2026-11."),
    means("A month in Asia/Shanghai, as YYYY-MM.", "2026-10"),
]

Receipt = Annotated[
    str,
    folded(text.receipt),
    of(RECEIPT, "请填写受理编号，例如 20261127-7K3M9Q。", "Send a receipt number, like 20261127-7K3M9Q."),
    means("A letter's receipt number (受理编号), which is its id.", "20261127-7K3M9Q"),
]
QueryCode = Annotated[
    str,
    folded(text.digits),
    of(QUERY_CODE, "请填写10位数字的查询码。", "Send the query code of ten digits."),
    means("The query code (查询码) that only the writer has: ten digits, shown once.", "4831957260"),
]
LetterTitle = Annotated[str, written(text.line, 2, 100), means("What the letter is about, in a line.", "路灯不亮")]
LetterText = Annotated[
    str, written(text.text, 5, 5_000), means("What the citizen writes.", "小区门口的路灯坏了三天，请派人修理。")
]
WriterName = Annotated[str, written(text.line, 1, 40), means("The writer's name.", "王女士")]
Phone = Annotated[
    str, written(text.telephone, 1, 40), means("A telephone number that can be dialled from here.", "13800000000")
]
Email = Annotated[str, written(text.email, 1, 254), means("An e-mail address.", "name@example.com")]
Stars = Annotated[StrictInt, Field(ge=1, le=5), means("How good the answer is: 1 (poor) to 5 (very good).", 5)]
Solved = Annotated[StrictBool, means("Whether the matter is solved, as the writer sees it.", True)]

IdempotencyKey = Annotated[
    str,
    Field(min_length=1, max_length=255),
    means("Chosen by the caller: the same key and body within a day get the same answer, and nothing is done twice."),
]
TaskId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,200}$"), means("A task's id.", "closing:2026-10")
]
Trace = Annotated[str, Field(max_length=100), means("W3C Trace Context of the caller.")]
Reach = Annotated[int, Field(ge=1, le=200), means("How many to show at most.", 50)]
Cursor = Annotated[str, Field(max_length=500), means("The `next` of the portion before; without it, the beginning.")]

Moment = Annotated[AwareDatetime, means("UTC.", "2026-11-27T01:05:00Z")]
DueAt = Annotated[
    AwareDatetime,
    means("The first moment that is too late: 24:00 of the last day in Asia/Shanghai, in UTC.", "2026-12-17T16:00:00Z"),
]
LastDay = Annotated[date, means("The last day in time (期限最后一天), in Beijing's calendar.", "2026-12-17")]
