"""The ways in which the portal says no."""

import json
from pathlib import Path

from services.kernel.domain import decision
from services.kernel.domain.decision import Away, Forbidden, Malformed, Misdirected, Missing, Refusal, TooMany

PASSED_ON = Path(__file__).parent / "data" / "passed_on.json"

MAILBOX_AWAY = Refusal(
    Away,
    "mailbox.away",
    "来信暂时无法提交或查询。请稍后再试。",
    "Letters cannot be taken or shown just now. Try again in a moment.",
)
PUBLISHING_AWAY = Refusal(
    Away,
    "publishing.away",
    "发布系统暂时没有答复，台账无法核验。请稍后再试。",
    "The ledger cannot be verified just now. Try again in a moment.",
)
NOT_PUBLIC = Refusal(
    Missing,
    "letter.not_public",
    "没有与这个受理编号相符的公开来信。请核对编号；查询自己的来信须填写查询码。",
    "There is no public letter with this receipt number. Check it; to see your own, give its code.",
)
NO_COLUMN = Refusal(
    Missing,
    "column.missing",
    "没有地址为{path}的栏目。请从栏目导航查找。",
    "There is no column at {path}. Look in the tree of columns.",
)
COLUMN_RETIRED = Refusal(
    Missing,
    "column.gone",
    "栏目{path}已经撤销。请从栏目导航查找。",
    "The column at {path} is no longer kept. Look in the tree of columns.",
)
NO_DEPARTMENT = Refusal(
    Missing,
    "department.missing",
    "没有代码为{code}的单位。请从单位名录查找。",
    "There is no department {code}. Look in the list of departments.",
)
NO_MONTH = Refusal(
    Missing,
    "month.missing",
    "{month}的考评没有公布。请从月度考评中选择。",
    "Nothing is published of {month}. Choose a month from the list.",
)
NO_ASSESSMENT = Refusal(
    Missing,
    "assessment.missing",
    "{month}没有公布单位{department}的考评。请从该月的表中选择。",
    "Nothing is published of {department} for {month}. Choose one from the month's table.",
)
NO_INDICATOR = Refusal(
    Missing,
    "indicator.missing",
    "{month}单位{department}的考评没有指标{indicator}。请从考评页进入。",
    "The assessment of {department} for {month} has no line {indicator}. Start from its page.",
)
NO_SCHEME = Refusal(
    Missing,
    "scheme.missing",
    "没有版本为{scheme}的考评方案。请从考评方案列表中选择。",
    "There is no scheme {scheme}. Choose one from the list.",
)
NO_ITEM = Refusal(
    Missing, "item.missing", "没有编号为{item}的信息。请核对地址。", "There is no item {item}. Check the address."
)
NO_REVISION = Refusal(
    Missing,
    "item.revision_missing",
    "信息{item}没有公开过第{revision}版。请查看现行版本。",
    "The item {item} has no public revision {revision}. See the latest one.",
)
TOO_OFTEN = Refusal(
    TooMany,
    "rate.exceeded",
    "从这个地址提交得太频繁。请在{seconds}秒后再试。",
    "Too many from this address. Send it again in {seconds} seconds.",
)
MISDIRECTED = Refusal(
    Misdirected,
    "host.undeclared",
    "本网站没有这个域名。请从公布的网址访问。",
    "This portal has no such host name. Use the address that it is published under.",
)
FORM_EXPIRED = Refusal(
    Forbidden,
    "form.expired",
    "表单打开超过十二小时。请重新提交一次。",
    "The form is older than twelve hours. Send it again.",
)
FORM_UNREADABLE = Refusal(
    Malformed,
    "form.unreadable",
    "表单的文字编码无法识别。请在本网站用浏览器重新填写。",
    "The encoding of the form cannot be told. Fill it in on this portal, with a browser.",
)
FORM_FORGED = Refusal(
    Forbidden,
    "form.forged",
    "表单不是从本网站打开的。请重新打开后提交。",
    "The form did not come from this portal. Open it again and send it.",
)
FORM_FOREIGN = Refusal(
    Forbidden,
    "form.foreign",
    "表单是从其他网站提交的。请在本网站填写。",
    "The form was sent from another site. Fill it in on this portal.",
)


def passed_on(route: str) -> tuple[Refusal, ...]:
    """What mailbox answers on one of its routes, which the portal passes on as it is."""
    found = json.loads(PASSED_ON.read_text("utf-8"))
    return tuple(Refusal(**{**each, "no": getattr(decision, each["no"])}) for each in found[route])
