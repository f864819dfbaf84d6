"""What is wrong with a field, in the caller's language: a sentence for each kind of error that pydantic knows."""

import re
from collections.abc import Mapping
from typing import Any

from services.kernel.contracts.fields import WANTED
from services.kernel.domain.decision import Words, Wrong

SENTENCES: Mapping[str, Words] = {
    "missing": Words("此项必填，请补上。", "This is needed. Fill it in."),
    "extra_forbidden": Words("没有这一项，请去掉。", "There is no such field. Leave it out."),
    "json_invalid": Words(
        "不是有效的 JSON，请检查括号、引号和逗号。", "This is no valid JSON. Check brackets, quotes and commas."
    ),
    "json_type": Words("请填写 JSON。", "Send JSON."),
    "string_type": Words("请填写文字。", "Send a text."),
    "string_unicode": Words(
        "含有无法识别的字符，请重新填写。", "It holds characters that cannot be read. Type it again."
    ),
    "string_too_short": Words(
        "太短了，至少要{min_length}个字符。", "It is too short: at least {min_length} characters."
    ),
    "string_too_long": Words("太长了，最多{max_length}个字符。", "It is too long: at most {max_length} characters."),
    "string_pattern_mismatch": Words("{wanted}", "{wanted}"),
    "int_type": Words("请填写整数。", "Send a whole number."),
    "int_parsing": Words("请填写整数。", "Send a whole number."),
    "int_parsing_size": Words("数字太大。", "The number is too large."),
    "int_from_float": Words("请填写整数，不要小数。", "Send a whole number, without a fraction."),
    "float_type": Words("请填写数字。", "Send a number."),
    "float_parsing": Words("请填写数字。", "Send a number."),
    "bool_type": Words("请填写 true 或 false。", "Send true or false."),
    "bool_parsing": Words("请填写 true 或 false。", "Send true or false."),
    "greater_than": Words("须大于{gt}。", "It must be more than {gt}."),
    "greater_than_equal": Words("不能小于{ge}。", "It must be at least {ge}."),
    "less_than": Words("须小于{lt}。", "It must be less than {lt}."),
    "less_than_equal": Words("不能大于{le}。", "It must be at most {le}."),
    "enum": Words("请从以下各项中选择：{expected}。", "Choose one of {expected}."),
    "literal_error": Words("请从以下各项中选择：{expected}。", "Choose one of {expected}."),
    "date_type": Words("请填写日期，例如 2026-11-27。", "Send a day, like 2026-11-27."),
    "date_parsing": Words("请填写日期，例如 2026-11-27。", "Send a day, like 2026-11-27."),
    "date_from_datetime_parsing": Words("请填写日期，例如 2026-11-27。", "Send a day, like 2026-11-27."),
    "date_from_datetime_inexact": Words("请只填写日期，不要时刻。", "Send a day, without a time."),
    "datetime_type": Words(
        "请填写时刻，例如 2026-11-27T09:00:00+08:00。", "Send a moment, like 2026-11-27T09:00:00+08:00."
    ),
    "datetime_parsing": Words(
        "请填写时刻，例如 2026-11-27T09:00:00+08:00。", "Send a moment, like 2026-11-27T09:00:00+08:00."
    ),
    "datetime_from_date_parsing": Words(
        "请填写时刻，例如 2026-11-27T09:00:00+08:00。", "Send a moment, like 2026-11-27T09:00:00+08:00."
    ),
    "timezone_aware": Words("请写明时区，例如 +08:00。", "Say the time zone, as +08:00."),
    "list_type": Words("请填写列表。", "Send a list."),
    "tuple_type": Words("请填写列表。", "Send a list."),
    "set_type": Words("请填写列表。", "Send a list."),
    "dict_type": Words("请填写 JSON 对象。", "Send a JSON object."),
    "mapping_type": Words("请填写 JSON 对象。", "Send a JSON object."),
    "model_type": Words("请填写 JSON 对象。", "Send a JSON object."),
    "model_attributes_type": Words("请填写 JSON 对象。", "Send a JSON object."),
    "dataclass_type": Words("请填写 JSON 对象。", "Send a JSON object."),
    "too_short": Words("太少了，至少要{min_length}项。", "There are too few: at least {min_length}."),
    "too_long": Words("太多了，最多{max_length}项。", "There are too many: at most {max_length}."),
    "value_error": Words("{wrong}", "{wrong}"),
}
EMPTY = Words("此项不能为空，请填写。", "It must not be empty. Fill it in.")
CHOICE = re.compile(r"'([^']*)'")
OTHERWISE = Words("填写有误，请检查后重新填写。", "This cannot be understood. Check it and send it again.")
NOT_ALLOWED = Words(
    "含有不允许的字符，请检查后重新填写。", "It holds characters that are not allowed here. Check it and type it again."
)


def sentence(error: Mapping[str, Any]) -> Words:
    """Of one of pydantic's errors. Its own text is never shown: it may quote a pattern or code."""
    context = {name: Words(str(value), str(value)) for name, value in error.get("ctx", {}).items()}
    cause = error.get("ctx", {}).get("error")
    choices = CHOICE.findall(str(error.get("ctx", {}).get("expected", "")))
    context["expected"] = Words("、".join(choices), ", ".join(choices))
    context["wanted"] = WANTED.get(error.get("ctx", {}).get("pattern", ""), NOT_ALLOWED)
    context["wrong"] = cause.words if isinstance(cause, Wrong) else OTHERWISE
    empty = error["type"] == "string_too_short" and error["ctx"]["min_length"] == 1
    found = EMPTY if empty else SENTENCES.get(error["type"], OTHERWISE)
    return Words(
        found.zh.format_map({name: words.zh for name, words in context.items()}),
        found.en.format_map({name: words.en for name, words in context.items()}),
    )
