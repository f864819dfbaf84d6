"""The ways in which mailbox says no."""

from services.kernel.domain.decision import Away, Gone, Malformed, Missing, Refusal, Refused, TooMany, Words

CLOSED, DISCLOSED, ERASED = Words("办结", "close"), Words("公开", "publish"), Words("删除", "erase")
"""What is done to a letter."""

NO_MAILBOX = Refusal(
    Refused,
    "letter.no_mailbox",
    "{department}不受理来信。请改投市长信箱。",
    "{department} keeps no mailbox; write to the mayor's mailbox.",
    "body.mailbox",
)
NO_LETTERS = Refusal(
    Refused,
    "letter.no_letters",
    "{department}不办理来信。请另选一个单位。",
    "{department} answers no letters; choose another department.",
    "body.to",
)
NOT_ACCEPTABLE = Refusal(
    Refused,
    "letter.not_acceptable",
    "来信已经答复，不需要再受理。",
    "It has been answered, and need not be accepted any more.",
)
NOT_TRANSFERABLE = Refusal(
    Refused,
    "letter.not_transferable",
    "来信已经答复，不能再转办。如需补充，请联系来信人。",
    "It has been answered, and cannot be transferred any more. Talk to its writer instead.",
)
ANSWERED = Refusal(
    Refused,
    "letter.answered",
    "来信已经答复过了，不能再次答复。",
    "It has been answered already, and is not answered twice.",
)
UNANSWERED = Refusal(
    Refused, "letter.unanswered", "来信还没有答复。请先答复，再{step}。", "Answer it before you {step} it."
)
RATED = Refusal(
    Refused, "letter.rated", "您已经评价过了，评价不能更改。", "It has been rated already, and a rating stays."
)
NOT_RATEABLE = Refusal(
    Refused,
    "letter.not_rateable",
    "来信还没有答复。请在收到答复后评价。",
    "It can be rated once it has been answered. Wait for that.",
)
GONE = Refusal(
    Gone,
    "letter.erased",
    "这封来信中的个人信息已经删除，无法再查看。",
    "What was personal in this letter has been erased, and cannot be seen any more.",
)
NO_CONSENT = Refusal(
    Refused,
    "letter.no_consent",
    "来信人不同意公开。请不要公布。",
    "Its writer has not agreed to publication. Leave it private.",
)
CONTACT_IN_EXTRACT = Refusal(
    Refused,
    "letter.contact_in_extract",
    "公开摘要中的“{place}”是来信人的联系方式。请删去。",
    "“{place}” in the extract is its writer's contact; take it out.",
)
MAYBE_CONTACT_IN_EXTRACT = Refusal(
    Refused,
    "letter.maybe_contact_in_extract",
    "公开摘要中的“{place}”像是来信人的姓名或号码。请删去；如果不是，请在 no_contact 中写明该处文字和理由。",
    "“{place}” in the extract looks like its writer's name or number; take it out, or if it is none, name the place "
    "and the reason in no_contact.",
)
NO_SUCH_RECEIPT = Refusal(
    Missing,
    "letter.no_such_receipt",
    "没有与这个受理编号和查询码相符的来信。请核对后重新填写。",
    "No letter has this receipt number and this query code. Check both and type them again.",
)
TOO_MANY_CODES = Refusal(
    TooMany,
    "letter.too_many_codes",
    "这个受理编号的查询码输错次数过多。请在{seconds}秒后再试。",
    "Too many wrong query codes for this receipt. Try again in {seconds} seconds.",
)
RULES_AWAY = Refusal(
    Away,
    "rules.away",
    "期限规则正在载入。请稍后再试。",
    "The rules of deadlines are still being loaded. Try again in a moment.",
)
NO_SUCH_YEAR = Refusal(
    Malformed,
    "calendar.no_such_year",
    "工作日历的年份应在{earliest}至{latest}年之间。请核对年份。",
    "A calendar has a year from {earliest} to {latest}. Check the year.",
    "path.year",
)
ANOTHER_YEAR = Refusal(
    Malformed, "calendar.another_year", "{day}不是{year}年的日期。请核对。", "{day} is no day of {year}. Check it."
)
DAY_TWICE = Refusal(
    Malformed,
    "calendar.day_twice",
    "{day}出现了两次。每一天只能是放假或者调休上班，填一次。",
    "{day} is named twice. A day is off or made up, once.",
)
WEEKDAY_MADE_UP = Refusal(
    Malformed,
    "calendar.weekday_made_up",
    "{day}不是周六或周日，本来就上班。请从调休上班中去掉。",
    "{day} is no Saturday or Sunday: it is worked anyway. Leave it out.",
    "body.make_up",
)
POLICY_IN_FORCE = Refusal(
    Refused,
    "policy.in_force",
    "{policy}已经施行过，不能更改。请另设一个版本。",
    "{policy} has been in force, and stays. Set a new version.",
)
POLICY_TOO_LATE = Refusal(
    Refused,
    "policy.too_late",
    "期限只能从今后的日期起施行：此前收到的来信仍按原规定。请填写今天以后的日期。",
    "Limits take effect on a day to come: letters received before keep theirs. Choose a later day.",
    "body.effective",
)
POLICY_SAME_DAY = Refusal(
    Refused,
    "policy.same_day",
    "已有另一个版本从{day}起施行。请修改那一个。",
    "Another version takes effect on {day}. Change that one.",
    "body.effective",
)
