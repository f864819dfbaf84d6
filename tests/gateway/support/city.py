"""A small city to look at: told to a running gateway with `python -m tests.gateway.support.city`."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from services.kernel.contracts import mailbox as m
from services.kernel.contracts import publishing as p
from services.kernel.contracts.columns import Cadence, ColumnKind
from services.kernel.domain.clock import now
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.event import Event
from services.kernel.settings import Settings, load
from services.kernel.stream.bus import Bus
from tests.gateway.support import events as e
from tests.gateway.support.telling import Teller

DEPARTMENTS = {
    "office": "市政府办公室", "finance": "市财政局", "education": "市教育局", "health": "市卫生局",
    "transport": "市交通运输局", "environment": "市环境保护局", "social-security": "市人力资源和社会保障局",
    "planning": "市城乡规划局",
}  # fmt: skip
COLUMNS = [
    ("news", "政务要闻", None, "disclosure", "news", "office"),
    ("notices", "通知公告", None, "disclosure", "notice", "office"),
    ("open", "信息公开", None, "disclosure", "static", "office"),
    ("open/budget", "财政预决算", "open", "disclosure", "static", "finance"),
    ("open/rules", "规范性文件", "open", "disclosure", "notice", "office"),
    ("open/plans", "规划计划", "open", "disclosure", "static", "planning"),
    ("guides", "办事指南", None, "service", "static", "social-security"),
    ("mailbox", "市长信箱", None, "interaction", "none", "office"),
]
ITEMS = [
    ("article", "news", "office", "市政府召开常务会议研究部署防汛和安全生产工作"),
    ("article", "news", "transport", "北江四桥主桥合龙，预计明年上半年建成通车"),
    ("article", "news", "education", "我市新建六所公办幼儿园秋季开学投入使用"),
    ("article", "news", "health", "基层医疗机构实现门诊费用即时结算"),
    ("article", "news", "environment", "前三季度市区空气质量优良天数比例百分之九十六"),
    ("article", "news", "social-security", "全市公共就业服务专项活动提供岗位一万二千个"),
    ("notice", "notices", "transport", "关于人民二路部分路段实施临时交通管制的公告"),
    ("notice", "notices", "education", "关于做好中小学校学生平安保险自愿参保工作的通知"),
    ("document", "open/rules", "office", "清远市人民政府办公室关于印发清远市人民政府网站建设管理试行办法的通知"),
    ("document", "open/budget", "finance", "清远市本级财政预算执行情况和下一年财政预算草案的报告"),
    ("document", "open/plans", "planning", "清远市城市总体规划实施评估报告（公众版）"),
    ("guide", "guides", "social-security", "城乡居民基本养老保险参保登记办事指南"),
    ("notice", "notices", "environment", "关于建设项目环境影响评价文件受理情况的公示"),
]
TEXTS = json.loads((Path(__file__).parent / "city.json").read_text("utf-8"))
BODY, LETTERS = TEXTS["body"], TEXTS["letters"]


def extract(title: str, question: str, answer: str) -> bytes:
    return json.dumps({"title": title, "question": question, "answer": answer}, ensure_ascii=False).encode()


def contents() -> dict[str, bytes]:
    """What mailbox would give for the claim checks below, by hash."""
    made = [extract(title, question, answer) for _, _, title, question, answer in LETTERS]
    return {ClaimCheck.of(data, "application/json").sha256: data for data in made}


def tree(today: datetime) -> Iterator[Event]:
    at = today - timedelta(days=90)
    for code, name in DEPARTMENTS.items():
        yield e.department(code, name, at=at)
    for n, (path, name, parent, kind, cadence, owner) in enumerate(COLUMNS):
        yield e.column(
            f"c-{path.replace('/', '-')}", path, name, at=at, position=n, kind=ColumnKind(kind), owner=owner,
            cadence=Cadence(cadence), parent_id=f"c-{parent}" if parent else None, level=path.count("/") + 1,
        )  # fmt: skip


def items(today: datetime) -> Iterator[Event]:
    for n, (kind, path, owner, title) in enumerate(ITEMS):
        at = today - timedelta(days=n * 2, hours=n % 5, minutes=7 * n)
        said: Mapping[str, Any] = {
            "at": at, "published_at": at, "kind": kind, "column_id": f"c-{path.replace('/', '-')}",
            "department": owner, "title": title, "made_on": (at - timedelta(days=3)).date(), "body": BODY,
            "summary": f"{title}。内容包括总体要求、重点任务和工作要求，请各单位和广大市民知悉。",
            "index_number": f"{owner}-G15-2026-{n + 1:04}", "keywords": ("政务", "公开"),
        }  # fmt: skip
        yield e.published(f"item-{n}", **said)
        if n == 0:
            yield e.revised(f"item-{n}", 2, "补充会议议定事项", **{**said, "at": today})
        if n == len(ITEMS) - 1:
            yield e.withdrawn(
                f"item-{n}",
                at=today,
                column_id=said["column_id"],
                department=owner,
                reason="公示内容中的联系人信息有误，更正后另行公布。",
                ground=p.Ground.PRIVACY_OR_COMMERCIAL_SECRET,
            )
    for path, past, left in (("news", 1, 6), ("notices", 20, 3), ("open-budget", 40, -4)):
        soon = today + timedelta(days=left - 4)
        yield e.refreshed(
            f"c-{path}", at=today - timedelta(days=past), due_soon_at=soon, due_at=today + timedelta(days=left)
        )


def letters(today: datetime) -> Iterator[Event]:
    for n, (kind, owner, title, question, answer) in enumerate(LETTERS):
        id, at = f"20261{n:03}-7K3M9Q", today - timedelta(days=10 + n)
        check = ClaimCheck.of(extract(title, question, answer), "application/json")
        of: Mapping[str, Any] = {"letter_id": id, "department": owner}
        due = at + timedelta(days=15)
        yield e.received(id, at=at, kind=kind, department=owner, due_at=due)
        yield m.LetterAccepted(at=at + timedelta(hours=3), **of)
        yield e.answered(id, at=at + timedelta(days=4), department=owner, due_at=due)
        yield m.LetterRated(at=at + timedelta(days=5), stars=5 - n, solved=n < 2, **of)
        yield m.LetterDisclosed(at=at + timedelta(days=6), extract=check, **of)
    yield e.received("20261009-OPEN00", at=today - timedelta(days=20), kind="help", department="health")
    yield m.LetterOverdue(at=today, letter_id="20261009-OPEN00", department="health", due_at=today, rule="letters/1")


def scores(today: datetime) -> Iterator[Event]:
    heads = [
        ("quantity", "发布数量", 20),
        ("cycle", "更新周期", 25),
        ("letters", "来信按时答复", 15),
        ("review", "公开审查", 5),
    ]
    yield e.adopted(at=today)
    for month in ("2026-09", "2026-10"):
        for rank, (code, name) in enumerate(DEPARTMENTS.items(), 1):
            lines = [
                {**e.LINE.model_dump(), "indicator": key, "name": head, "maximum": str(most), "measure": f"{key}/1",
                 "points": None if (key, code) == ("letters", "planning") else f"{most - rank * most / 40:.2f}"}
                for key, head, most in heads
            ]  # fmt: skip
            score = f"{100 - rank * 2.5 - (month == '2026-09'):.2f}"
            yield e.assessed(month, code, at=today, department_name=name, score=score, rank=rank, lines=tuple(lines))


def everything(today: datetime) -> list[Event]:
    return [*tree(today), *items(today), *letters(today), *scores(today)]


async def main() -> None:
    settings = load(Settings)
    bus = Bus(settings.kafka, settings.namespace)
    await Teller(bus).tell(*everything(now()))
    await bus.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
