"""The ways in which publishing says no."""

from services.kernel.domain.decision import Forbidden, Missing, Refusal, Refused, Unknown, Words

EDITED, SUBMITTED, REVIEWED = Words("修改", "edited"), Words("送审", "submitted"), Words("审查", "reviewed")
PUBLISHED, WITHDRAWN = Words("发布", "published"), Words("撤回", "withdrawn")
STEPS = {"edited": EDITED, "submitted": SUBMITTED, "reviewed": REVIEWED, "published": PUBLISHED, "withdrawn": WITHDRAWN}
"""What is done to an item."""

DEPARTMENT_UNCLEAR = Refusal(
    Forbidden,
    "department.unclear",
    "您属于多个单位。请注明由哪个单位负责。",
    "Say which of your departments answers for it.",
    "body.department",
)
DEPARTMENT_ENDED = Refusal(
    Refused,
    "department.ended",
    "{department}已经撤并。请以承接其职责的{successor}名义起草。",
    "{department} has ended. Draft it for {successor}, which took it over.",
    "body.department",
)
NOBODY_FOR_ANOTHER = Refusal(
    Forbidden,
    "department.foreign",
    "只有负责{department}事务的人员可以办理（第七条）。请转交该单位。",
    "Only those who answer for {department} may do this (art. 7). Hand it to them.",
)
PUBLICATION_MISSING = Refusal(
    Missing,
    "publication.missing",
    "信息{item}没有公开过第{revision}版。请核对版次。",
    "There is no public revision {revision} of the item {item}. Check the number.",
)
CADENCE_UNKNOWN = Refusal(
    Unknown,
    "cadence.unknown",
    "这里还不知道更新周期{cadence}有多长。请稍后再试。",
    "How long {cadence} lasts is not known here. Ask again soon.",
)
BODY_TOO_LONG = Refusal(
    Refused,
    "item.too_long",
    "正文超过{limit}千字节。请分成几条信息。",
    "The body has more than {limit} kB. Split the item.",
    "body.body",
)
BODY_OF_MANY_LINES = Refusal(
    Refused,
    "item.many_lines",
    "正文最多{limit}行。请分成几条信息。",
    "A body has at most {limit} lines. Split the item.",
    "body.body",
)
BODY_TOO_DEEP = Refusal(
    Refused,
    "item.too_deep",
    "正文的列表或引用嵌套太深。请减少层次。",
    "Lists or quotations of the body stand too deep within each other. Use fewer levels.",
    "body.body",
)
BODY_TANGLED = Refusal(
    Refused,
    "item.tangled",
    "正文第{line}行起的一段使 [ ] * _ ` 等记号过多：一段最多{limit}个，全文最多{in_all}个。请分段或减少。",
    "With the paragraph at line {line}, the body has too many marks such as [ ] * _ `: at most {limit} in a paragraph "
    "and {in_all} in all. Split it or use fewer.",
    "body.body",
)
BODY_OF_TAGS = Refusal(
    Refused,
    "item.tags",
    "正文第{line}行起的一段里有网页代码（{tag}），公众会看到代码本身。请整篇粘贴为网页格式或纯文字；确要显示代码，请在“<”前加“\\”。",
    "The paragraph at line {line} of the body has HTML ({tag}), which would be shown as code. Paste the whole "
    "body as HTML or as plain text, or put a backslash before <.",
    "body.body",
)
BODY_EMPTY = Refusal(
    Refused,
    "item.empty",
    "正文没有可以显示的文字。请填写正文。",
    "The body has nothing to read. Write something.",
    "body.body",
)
BODY_HOLDS = Refusal(
    Refused,
    "item.not_text",
    "正文第{line}行有不能随文字带入的内容（<{tag}>，如图片、表单）。请删去后粘贴。",
    "Line {line} of the body holds what cannot be taken in with a text (<{tag}>, such as a picture or a form). "
    "Take it out.",
    "body.body",
)
BODY_LEADS_NOWHERE = Refusal(
    Refused,
    "item.link",
    "正文第{line}行的链接“{link}”不能公开：链接须指向网页（http、https）、电子邮箱、电话或本站页面。请更正。",
    "The link {link} in line {line} of the body cannot be public: links lead to the web (http, https), to e-mail, to a "
    "telephone or to a page here. Correct it.",
    "body.body",
)
BODY_OF_MANY_ELEMENTS = Refusal(
    Refused,
    "item.many_elements",
    "粘贴的正文格式太复杂（网页元素超过{limit}个）。请分成几条信息，或粘贴为纯文字。",
    "The pasted body has more than {limit} elements. Split the item, or paste it as plain text.",
    "body.body",
)
BODY_LOSES = Refusal(
    Refused,
    "item.loses_words",
    "正文中的“{lost}”等字不会显示。请检查：表格每行的格数不能多于表头。",
    "Letters of the body would not be shown: {lost}. No row of a table may have more cells than its head.",
    "body.body",
)
CLASS_UNKNOWN = Refusal(
    Refused,
    "item.class_unknown",
    "没有公开类别{disclosure_class}。请从第八条的类别中选择。",
    "There is no disclosure class {disclosure_class}. Choose from those of art. 8.",
    "body.disclosure_class",
)
MADE_LATER = Refusal(
    Refused,
    "item.made_later",
    "生成日期不能晚于今天。请核对日期。",
    "It cannot have been made on a day that has not come. Check the day.",
    "body.made_on",
)
UNCHANGED = Refusal(
    Refused,
    "item.unchanged",
    "与已公开的内容没有不同。请先修改。",
    "Nothing differs from what is public. Change it first.",
)
NOT_PUBLIC = Refusal(
    Refused,
    "item.not_public",
    "没有公开的信息不需要撤回。可以直接修改。",
    "Only what is public can be withdrawn. Edit it instead.",
)
UNSEALED = Refusal(
    Refused,
    "item.unsealed",
    "内容与审查通过的不一致。请重新送审。",
    "The content is not the one that was released. Have it reviewed again.",
)
NOTE_TOO_EARLY = Refusal(
    Refused,
    "change_note.too_early",
    "首次发布不需要更正说明。请去掉。",
    "A change note belongs to an item that is public already. Leave it out.",
    "body.change_note",
)
NOTE_MISSING = Refusal(
    Refused,
    "change_note.missing",
    "请写明修改了什么，公众会看到。",
    "Say in a change note what is different; the public reads it.",
    "body.change_note",
)
OWN_REVIEW = Refusal(
    Forbidden,
    "review.own",
    "编写本版内容的人不能自己审查。请由他人审查。",
    "Who edited this revision cannot review it. Let somebody else.",
)
REVIEW_INCOMPLETE = Refusal(
    Refused,
    "review.incomplete",
    "请对不予公开的五种情形 E1 至 E5 逐一作答。",
    "Answer each of the five grounds E1 to E5 with true or false.",
    "body.grounds",
)
OTHER_CONTENT = Refusal(
    Refused,
    "review.other_content",
    "内容已不是您看到的那一份。请重新阅读后再决定。",
    "The content is not the one you saw. Read it again, then decide.",
    "body.seen",
)
GROUND_FOUND = Refusal(
    Refused,
    "review.ground_found",
    "有不予公开的情形时不能通过。请退回或不予公开。",
    "With a ground for not disclosing it cannot be released. Return or withhold it.",
    "body.verdict",
)
GROUND_MISSING = Refusal(
    Refused,
    "review.ground_missing",
    "请指明一种您判定为“是”的情形。",
    "Name the ground, one that you answered with true.",
    "body.ground",
)
REVIEW_NOTE_MISSING = Refusal(
    Refused,
    "review.note_missing",
    "请写明作者需要修改什么。",
    "Say in a note what the author should change.",
    "body.note",
)
COLUMN_RETIRED = Refusal(
    Refused,
    "column.retired",
    "栏目“{name}”已经撤销。请在{successor}发布。",
    "The column {name} is retired. Publish in {successor}.",
    "body.column_id",
)
COLUMN_OWNER_ONLY = Refusal(
    Forbidden,
    "column.owner_only",
    "“{name}”只由{owner}发布。请另选栏目，或联系该单位。",
    "Only {owner} publishes in {name}. Choose another column, or ask them.",
)


def _by_state(state: str, word: Words, advice: Words) -> Refusal:
    return Refusal(
        Refused,
        f"item.{state}",
        f"{word.zh}的信息不能{{wanted}}。{advice.zh}",
        f"An item that is {word.en} cannot be {{wanted}}. {advice.en}",
    )


BY_STATE = {
    "draft": _by_state("draft", Words("起草中", "a draft"), Words("请先送审。", "Submit it to review first.")),
    "submitted": _by_state(
        "submitted",
        Words("已送审", "submitted"),
        Words("现在由审查人处理，请等待结果。", "The reviewer has it now: wait."),
    ),
    "returned": _by_state(
        "returned", Words("被退回", "returned"), Words("请修改后重新送审。", "Edit it and submit it again.")
    ),
    "released": _by_state(
        "released",
        Words("审查通过", "released"),
        Words("请发布，或者修改后重新送审。", "Publish it, or edit it and have it reviewed again."),
    ),
    "withheld": _by_state(
        "withheld",
        Words("不予公开", "withheld"),
        Words("请删去不得公开的内容后重新送审。", "Take out what must not be public and submit it again."),
    ),
    "published": _by_state(
        "published", Words("已发布", "published"), Words("请修改以开始下一版。", "Edit it to begin the next revision.")
    ),
    "withdrawn": _by_state("withdrawn", Words("已撤回", "withdrawn"), Words("请另写一条。", "Make a new item.")),
}
"""An item's state does not allow it."""
