"""The ways in which columns says no."""

from services.kernel.domain.decision import Forbidden, Refusal, Refused, Words

APPROVED, REFUSED, RETIRED = Words("批准", "approved"), Words("否决", "refused"), Words("撤销", "retired")
"""What is done to a column."""

EXISTS = Refusal(
    Refused,
    "department.exists",
    "单位代码{code}已由{name}使用。请换一个代码。",
    "The code {code} belongs to {name}. Choose another.",
    "body.code",
)
CLOSED = Refusal(
    Refused,
    "column.closed",
    "这个栏目已经{state}，不能再{step}。如有需要，请重新提出。",
    "A column that is {state} cannot be {step}. Propose it anew.",
)
LIVE = Refusal(
    Refused,
    "column.live",
    "已开通的栏目不能否决。请办理撤销，并指明读者改看哪个栏目。",
    "A live column cannot be refused. Retire it, and name where its readers go.",
)
NOT_LIVE = Refusal(
    Refused,
    "column.not_live",
    "尚未批准的栏目不能撤销。请先作出决定。",
    "A column that is only proposed cannot be retired. Decide on it.",
)
PARENT_UNKNOWN = Refusal(
    Refused,
    "column.parent_unknown",
    "没有上级栏目{parent}。请核对编号或路径。",
    "There is no column {parent} to stand below. Check its id or its path.",
    "body.parent_id",
)
PARENT_NOT_LIVE = Refusal(
    Refused,
    "column.parent_not_live",
    "上级栏目“{name}”还没有开通或者已经{state}。请选择已开通的栏目。",
    "{name} is {state}. Choose a live column to stand below.",
    "body.parent_id",
)
BUREAU_ONLY = Refusal(
    Forbidden,
    "column.bureau_only",
    "一至{levels}级栏目由信息化主管部门提出。请联系该部门。",
    "Level 1 to {levels}: the IT bureau proposes. Ask it to.",
)
OWNER_ONLY = Refusal(
    Forbidden,
    "column.owner_only",
    "“{name}”下的栏目由其负责单位{owner}的编辑提出。请联系该单位。",
    "Below {name} an editor of its owner, {owner}, proposes. Ask them to.",
)
TOO_DEEP = Refusal(
    Refused,
    "column.too_deep",
    "栏目最多{deepest}级，这里将是第{level}级。请放在更高一级。",
    "The tree has {deepest} levels; this would be level {level}. Put it higher.",
    "body.parent_id",
)
OWNER_UNKNOWN = Refusal(
    Refused,
    "column.owner_unknown",
    "没有单位{owner}。请先登记该单位，或核对代码。",
    "There is no department {owner}. Register it first, or check the code.",
    "body.owner",
)
CLASS_UNKNOWN = Refusal(
    Refused,
    "column.class_unknown",
    "没有这样的公开类别：{classes}。请从第八条的类别中选择。",
    "Not a disclosure class: {classes}. Choose from those of art. 8.",
    "body.classes",
)
SLUG_TAKEN = Refusal(
    Refused,
    "column.slug_taken",
    "地址{path}已由栏目{column}使用。请换一个地址名。",
    "{path} is taken by {column}. Choose another slug.",
    "body.slug",
)
OWN_PROPOSAL = Refusal(
    Forbidden,
    "column.own_proposal",
    "提出栏目的人不能自己决定。请由他人决定。",
    "Who proposed a column does not decide on it. Let somebody else.",
)
HAS_CHILDREN = Refusal(
    Refused,
    "column.has_children",
    "下面还有栏目：{columns}。请先撤销或决定这些栏目。",
    "Columns stand below it: {columns}. Retire them or decide on them first.",
)
SUCCESSOR_UNKNOWN = Refusal(
    Refused,
    "column.successor_unknown",
    "没有指定的接替栏目。请核对编号或路径。",
    "There is no such column for its readers to go to. Check its id or its path.",
    "body.successor_id",
)
SUCCESSOR_NOT_LIVE = Refusal(
    Refused,
    "column.successor_not_live",
    "接替栏目须是另一个已开通的栏目。请另选一个。",
    "Name another column, one that is live, for its readers to go to.",
    "body.successor_id",
)
