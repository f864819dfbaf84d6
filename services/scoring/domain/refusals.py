"""The ways in which scoring says no."""

from services.kernel.domain.decision import Away, Forbidden, Malformed, Missing, Refusal, Refused, Unknown

NO_SCHEME = Refusal(
    Missing,
    "scheme.missing",
    "{month}还没有施行任何考评方案。请核对月份。",
    "No scheme was in force in {month}. Check the month.",
)
NOT_BEGUN = Refusal(
    Missing,
    "month.not_begun",
    "{month}还没有开始（北京时间）。请核对月份。",
    "{month} has not begun in Asia/Shanghai. Check the month.",
)
NOT_OVER = Refusal(
    Refused,
    "month.not_over",
    "{month}还没有结束（北京时间）。请在月末之后关账。",
    "{month} can be closed when it is over in Asia/Shanghai. Wait for that.",
)
CLOSED = Refusal(
    Refused, "month.closed", "{month}已经关账，得分不再变动。", "{month} is closed already; its scores stand."
)
RUNNING = Refusal(
    Refused, "month.running", "{month}还没有关账。请先关账。", "{month} is not closed yet. Close it first."
)
EMPTY = Refusal(
    Refused,
    "month.empty",
    "{month}没有可考评的单位。请先登记单位。",
    "Nobody is known here who could be scored for {month}. Register departments first.",
)
PUBLISHED = Refusal(
    Refused, "month.published", "{month}已经公布，确认早已完成。", "{month} is published; it was confirmed before."
)
UNCONFIRMED = Refusal(
    Refused,
    "month.unconfirmed",
    "{month}还没有经领导小组确认。请先确认。",
    "The leading group has not confirmed {month} yet. Have it confirmed first.",
)
NOT_CLOSED = Refusal(
    Missing, "month.missing", "没有{month}的考评结果。请核对月份。", "{month} is not closed. Check the month."
)
FOREIGN = Refusal(
    Forbidden,
    "department.foreign",
    "其他单位的考评在公布之后才能查看。请等待公布。",
    "Another department's month can be read once it is published. Wait for that.",
)
NOT_SCORED = Refusal(
    Missing,
    "assessment.missing",
    "{month}的考评中没有单位{department}。请核对单位代码。",
    "{department} is not among those scored for {month}. Check the code.",
)
NO_INDICATOR = Refusal(
    Malformed,
    "indicator.unknown",
    "没有指标{indicator}。请从以下指标中选择：{indicators}。",
    "There is no line {indicator}. Choose one of {indicators}.",
    "query.indicator",
)
FACTS_GONE = Refusal(
    Missing,
    "facts.missing",
    "{assessment}所依据的事实清单不在这里。请联系运维人员。",
    "The list of the facts of {assessment} is not here. Tell operations.",
)
BEHIND = Refusal(
    Unknown,
    "facts.behind",
    "还有事实没有收到或没有计入。请稍后再试。",
    "Not every fact told has been heard or added up yet. Try again in a moment.",
)
EVIDENCE_BEHIND = Refusal(
    Away,
    "evidence.behind",
    "已收到的事实正在计入。请稍后再试。",
    "The facts heard are still being added to the evidence. Try again in a moment.",
)
KAFKA_AWAY = Refusal(
    Away,
    "kafka.away",
    "暂时无法确认事实是否收齐。请稍后再试。",
    "Whether all facts have been heard cannot be asked just now. Try again.",
)
UNKNOWN_DEPARTMENTS = Refusal(
    Unknown,
    "facts.unknown_departments",
    "事实中提到的单位还没有登记：{departments}。请稍后再试，或先登记。",
    "Facts speak of departments that are not known here: {departments}. Ask again soon, or register them.",
)
NO_PERIOD = Refusal(
    Unknown,
    "facts.no_period",
    "还不知道栏目{column}的更新期限。请稍后再试；一直如此时请联系运维人员。",
    "Nothing tells until when the column {column} was current. Ask again soon; if it stays so, tell operations.",
)
