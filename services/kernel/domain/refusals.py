"""The ways in which every program may say no; each service has its own beside them."""

from functools import cache

from services.kernel.domain.decision import (
    Away,
    Broken,
    Busy,
    Forbidden,
    Gone,
    Late,
    Malformed,
    Missing,
    OutOfRange,
    Refusal,
    Refused,
    Stale,
    TooLarge,
    Unauthorized,
    Unknown,
    Words,
    WrongMethod,
)

KINDS = {
    "assessment": Words("考评", "assessment"),
    "calendar": Words("年度工作日历", "calendar"),
    "column": Words("栏目", "column"),
    "department": Words("单位", "department"),
    "duty": Words("更新职责", "duty"),
    "item": Words("信息", "item"),
    "letter": Words("来信", "letter"),
    "month": Words("月度考评", "month"),
    "rules": Words("期限规则", "rules of deadlines"),
    "task": Words("任务", "task"),
    "tree": Words("栏目树", "tree"),
}
"""What the aggregates are called."""


def called(kind: str) -> Words:
    return KINDS.get(kind, Words(kind, kind))


@cache
def missing(kind: str) -> Refusal:
    """There is no such aggregate."""
    return Refusal(
        Missing, f"{kind}.missing", f"没有编号为{{id}}的{called(kind).zh}。请核对编号。",
        f"There is no {called(kind).en} {{id}}. Check what you asked for.",
    )  # fmt: skip


@cache
def stale(kind: str) -> Refusal:
    """It was changed since it was read."""
    return Refusal(
        Stale, f"{kind}.stale", f"{called(kind).zh}已被改动（现在是第{{found}}版，不是第{{expected}}版）。请重新读取。",
        f"The {called(kind).en} is at version {{found}}, not {{expected}}. Read it again, then change it.",
    )  # fmt: skip


UNKNOWN_YET = Refusal(
    Unknown,
    "unknown_yet",
    "这里还不知道{kind}{id}。请核对编号；如果是刚刚设立的，请稍后再试。",
    "The {kind} {id} is not known here. Check it; if it is new, ask again soon.",
)
EXISTS = Refusal(Refused, "exists", "已经有了，不能重复添加。请换一个编号。", "It exists already. Choose another.")
BUSY = Refusal(Busy, "busy", "同时改动的人太多。请稍后再试。", "Too many changes at once. Try again in a moment.")
DATABASE_AWAY = Refusal(
    Away,
    "database.away",
    "数据库暂时没有响应。请稍后再试。",
    "The database does not answer just now. Try again in a moment.",
)
EVENT_TOO_LARGE = Refusal(
    Refused,
    "event.too_large",
    "内容超过{limit}千字节，无法发出。请缩短文字。",
    "{type} would be larger than {limit} kB. Shorten its texts.",
)
FOREIGN = Refusal(
    Forbidden,
    "department.foreign",
    "只有负责{department}事务的人员和市政府办公室可以办理。请转交该单位。",
    "Only those who answer for {department}, and the office, may do this. Hand it to them.",
)
ERASED = Refusal(
    Gone,
    "erased",
    "{subject}中的个人信息已经删除，不能再添加文字。",
    "{subject} has been erased, and takes no more text.",
)
CONTENT_MISSING = Refusal(
    Missing,
    "content.missing",
    "没有与该校验值对应的文件。请核对，或者重新上传。",
    "There is no content with this hash. Check it, or upload it again.",
)
CONTENT_TOO_LARGE = Refusal(
    TooLarge,
    "content.too_large",
    "文件最大{most}字节。请换一个小一些的文件。",
    "It may have at most {most} bytes. Send a smaller file.",
)
CONTENT_TOO_SLOW = Refusal(
    Away,
    "content.took_too_long",
    "上传超过一天，没有保存。请重新上传。",
    "It took longer than a day to send. Send it again.",
)
TASK_FAILED = Refusal(
    Broken,
    "task.failed",
    "我们的系统出了问题。请把任务编号告诉运维人员。",
    "Something went wrong on our side. The number of the task finds it in our log.",
)
TOKEN_MISSING = Refusal(
    Unauthorized,
    "token.missing",
    "请先登录：请求须带有 Authorization: Bearer 令牌。",
    "Send a token, as `Authorization: Bearer …`.",
)
TOKEN_MALFORMED = Refusal(
    Unauthorized,
    "token.malformed",
    "登录令牌无法识别或缺少内容。请重新登录。",
    "The token cannot be read, or lacks a claim. Sign in again, and send it as `Authorization: Bearer …`.",
)
TOKEN_EXPIRED = Refusal(
    Unauthorized, "token.expired", "登录已过期。请重新登录。", "The token has expired. Sign in again."
)
TOKEN_UNTRUSTED = Refusal(
    Unauthorized,
    "token.untrusted",
    "这里不认可该登录令牌。请用本市的统一登录。",
    "The token is not one that is trusted here. Sign in with the city's provider.",
)
TOKEN_TIMES = Refusal(
    Unauthorized,
    "token.times",
    "登录令牌的时间（iat、nbf、exp）不是数字，或晚于本机时钟。请核对登录服务与本机的时钟后重新登录。",
    "A time of the token (iat, nbf, exp) is no number, or lies ahead of the clock here. Compare the clocks of the "
    "provider and of this host, then sign in again.",
)
KEYS_AWAY = Refusal(
    Away,
    "keys.away",
    "登录暂时无法核验。请稍后再试。",
    "The keys that tokens are verified with cannot be read. Try again soon.",
)
ROLE_NOT_ALLOWED = Refusal(
    Forbidden,
    "role.not_allowed",
    "您的角色不能办理此事，需要以下角色之一：{roles}。",
    "{route} needs one of these roles: {roles}. Ask somebody who has one.",
)
MALFORMED = Refusal(Malformed, "request.malformed", "填写有误：{problems}", "{problems}")
IF_MATCH = Refusal(
    Malformed,
    "if_match.malformed",
    'If-Match 应填写 ETag 给出的版本，例如 "3"。',
    'If-Match takes the version as the ETag gave it, like "3".',
    "header.if-match",
)
KEY_REUSED = Refusal(
    Malformed,
    "idempotency_key.reused",
    "这个 Idempotency-Key 已用于另一项内容。请换一个。",
    "This Idempotency-Key came before with another body. Use a new one.",
    "header.idempotency-key",
)
ANSWER_GONE = Refusal(
    Gone,
    "answer.gone",
    "此事已经办过，当时的答复内容后来已删除。",
    "It was done before, and what the answer held was erased since.",
)
CURSOR = Refusal(
    Malformed,
    "cursor.malformed",
    "翻页标记有误。请原样使用上一页给出的 next。",
    "Take the cursor from the `next` of the list, unchanged.",
    "query.cursor",
)
BODY_LATE = Refusal(
    Late,
    "request.incomplete",
    "您的请求在{seconds}秒内没有到齐。请检查网络，然后重新提交。",
    "Your request did not arrive as a whole within {seconds} seconds. Look at your connection and send it again.",
)
TIMEOUT = Refusal(
    Away,
    "request.timeout",
    "处理时间超过{seconds}秒，没有完成。请重试。",
    "This took longer than {seconds} seconds. Try again.",
)
INTERNAL = Refusal(
    Broken,
    "internal",
    "我们的系统出了问题，已经记录下来。如需反映，请告知请求编号。",
    "Something went wrong on our side. The request number finds it in our log.",
)
UNREADABLE = Words("请求的内容无法识别，请检查后重新提交。", "The body cannot be read. Check it and send it again.")
"""Of a whole body."""
NO_ROUTE = Refusal(
    Missing, "route.missing", "没有这个地址。请核对地址。", "There is nothing at this address. Check it."
)
NO_METHOD = Refusal(
    WrongMethod,
    "method.not_allowed",
    "这个地址不支持这样的操作。请查看接口说明。",
    "This address does not take this method. See the documentation.",
)
NO_RANGE = Refusal(
    OutOfRange,
    "range.outside",
    "文件共{size}字节，所要的部分不在其中。",
    "It has {size} bytes, and none of them is in this range. Ask for others.",
)
REQUEST_TOO_LARGE = Refusal(
    TooLarge,
    "request.too_large",
    "提交的内容超过{bytes}字节。请缩短后再提交。",
    "The request may have at most {bytes} bytes. Shorten it.",
)

EVERYWHERE = (
    MALFORMED, REQUEST_TOO_LARGE, BODY_LATE, TIMEOUT, DATABASE_AWAY, INTERNAL
)  # fmt: skip
"""What every route may answer."""
GUARDED = (
    TOKEN_MISSING, TOKEN_MALFORMED, TOKEN_EXPIRED, TOKEN_TIMES, TOKEN_UNTRUSTED,
    KEYS_AWAY, ROLE_NOT_ALLOWED,
)  # fmt: skip
"""What every route that needs a token may answer."""
WRITING = (KEY_REUSED, ANSWER_GONE, BUSY, IF_MATCH)
"""What every route that changes something may answer."""
