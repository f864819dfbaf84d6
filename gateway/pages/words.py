"""The words of the pages: names of kinds and states in Chinese, times in Asia/Shanghai."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Protocol, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from gateway.answer import query
from gateway.site import Site
from gateway.static import addresses
from services.kernel.domain import figures
from services.kernel.domain.calendar import SHANGHAI, last_day
from services.kernel.domain.text import EXTENSION, brief


class Kinded(Protocol):
    @property
    def kind(self) -> str: ...


T = TypeVar("T", bound=Kinded)
At = TypeVar("At", datetime, datetime | date)
FRAME = '<div class="scroll" role="group" aria-label="表格" tabindex="0">'
NAMES = {
    "column_kind": {"disclosure": "政务公开", "service": "办事服务", "interaction": "公众互动"},
    "cadence": {
        "static": "静态栏目，定期核对更新", "dynamic": "动态栏目，及时更新", "news": "要闻栏目，经常更新",
        "notice": "公告文件栏目，有新即发", "none": "不设更新期限",
    },
    "mark": {"current": "按期更新", "due_soon": "即将到期", "stale": "逾期未更新", "none": ""},
    "activity": {"opened": "栏目开设", "published": "发布信息", "revised": "修订信息", "changed": "更新周期调整"},
    "item_kind": {"article": "动态", "document": "文件", "notice": "公告", "guide": "办事指南"},
    "letter_kind": {
        "consultation": "咨询", "complaint": "投诉", "suggestion": "建议", "help": "求助", "error_report": "纠错",
    },
    "letter_state": {
        "received": "已收到，待受理", "accepted": "已受理，办理中", "refused": "不予受理", "transferred": "已转办",
        "redated": "答复期限已调整",
        "returned": "已退回，重新分办", "answered": "已答复", "closed": "已办结", "reopened": "追问办理中",
    },
    "department_kind": {
        "government": "政府部门", "public_institution": "公共企事业单位", "authorized": "法律法规授权组织",
    },
    "ground": {
        "E1": "涉及国家秘密", "E2": "涉及商业秘密或者个人隐私", "E3": "正在调查、讨论、处理过程中",
        "E4": "涉及行政执法，公开后可能影响检查、调查、取证等活动或者危及个人生命安全",
        "E5": "法律、法规规定免予公开",
    },
    "class": {
        "G01": "机构概况", "G02": "领导及分工", "G03": "内设机构及职能", "G04": "法规、规章和规范性文件",
        "G05": "规划计划", "G06": "统计信息", "G07": "财政预决算", "G08": "行政事业性收费", "G09": "政府采购",
        "G10": "行政执法与许可", "G11": "重大建设项目", "G12": "民生保障", "G13": "突发公共事件",
        "G14": "监督检查", "G15": "其他应当公开的信息",
        "P1": "职责", "P2": "工作规范与服务承诺", "P3": "办事事项", "P4": "投诉与联系", "P5": "其他信息",
    },
    "fact": {
        "item.published": "信息发布", "item.revised": "信息修订", "item.withdrawn": "信息撤回",
        "duty.refreshed": "栏目更新", "duty.stale": "栏目逾期", "duty.due_soon": "栏目将到期",
        "column.opened": "栏目开设", "column.changed": "栏目调整", "column.moved": "栏目迁移",
        "department.merged": "部门合并", "department.abolished": "部门撤销",
        "letter.received": "收到来信", "letter.answered": "答复来信",
        "letter.overdue": "来信超期", "letter.rated": "群众评价", "letter.transferred": "来信转办",
        "letter.redated": "答复期限调整",
        "letter.accepted": "受理来信", "letter.closed": "来信办结", "column.retired": "栏目停用",
    },
}  # fmt: skip


def name(value: str | None, of: str) -> str:
    """The Chinese name of a kind or state; what is not known yet stays as it is."""
    return NAMES[of].get(str(value), str(value)) if value is not None else ""


def by_kind(found: Iterable[T], of: str) -> list[tuple[str, list[T]]]:
    """In the order of the names; kinds that are not known yet come after them."""
    groups: dict[str, list[T]] = {kind: [] for kind in NAMES[of]}
    for each in found:
        groups.setdefault(each.kind, []).append(each)
    return [(kind, group) for kind, group in groups.items() if group]


def moment(at: datetime) -> str:
    """`YYYY-MM-DD HH:MM` in Asia/Shanghai."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def day(at: datetime | date) -> str:
    """`YYYY-MM-DD`, of a moment in Asia/Shanghai."""
    if isinstance(at, datetime):
        at = at.astimezone(SHANGHAI).date()
    return f"{at:%Y-%m-%d}"


def deadline(due_at: datetime) -> str:
    """The last day of a limit that ends at 24:00 in Asia/Shanghai: `2026-12-17 24时前`, never the next day's 00:00."""
    return f"{day(last_day(due_at))} 24时前"


def month(text: str) -> str:
    """`2026-10` as 2026年10月."""
    year, _, number = text.partition("-")
    return f"{year}年{int(number)}月"


def dialled(phone: str) -> str:
    """A telephone number as an address to call (RFC 3966), with its extension."""
    extension = EXTENSION.search(phone)
    number = re.sub(r"[^\d+]", "", EXTENSION.sub("", phone))
    return f"tel:{number}" + (f";ext={extension[1]}" if extension else "")


def framed(body: str) -> str:
    """A clean text, its tables in frames that scroll by themselves and that a keyboard reaches (WCAG 2.1.1)."""
    return body.replace("<table>", f"{FRAME}<table>").replace("</table>", "</table></div>")


def points(value: Decimal | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def share(part: int, whole: int) -> str:
    """In percent; 1,999 of 2,000 are 99.95 %."""
    return f"{figures.share(part, whole).normalize():f}%" if whole else "—"


def timed(said: Callable[[At], str], exact: Callable[[At], datetime | date]) -> Callable[[At | None], Markup | str]:
    """As an element of HTML that says the same to machines (WHATWG: a day, or a moment with its offset)."""

    def time(at: At | None) -> Markup | str:
        return Markup('<time datetime="{}">{}</time>').format(exact(at).isoformat(), said(at)) if at else "—"

    return time


def shanghai(at: datetime | date) -> datetime | date:
    """A day as it is; a moment in Asia/Shanghai, to the second."""
    return at.astimezone(SHANGHAI).replace(microsecond=0) if isinstance(at, datetime) else at


@cache
def environment(site: Site) -> Environment:
    """The templates as a city's pages: they name its site and the addresses of its files."""
    made = Environment(
        loader=PackageLoader("gateway"), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.filters.update(
        brief=brief, dialled=dialled, framed=framed, name=name, by_kind=by_kind, month=month, points=points,
        said=moment, moment=timed(moment, shanghai), day=timed(day, shanghai), deadline=timed(deadline, last_day),
    )  # fmt: skip
    made.globals.update(query=query, share=share, site=site, style=addresses(site))
    return made
