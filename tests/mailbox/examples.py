"""What mailbox hears and is sent, for its tests."""

from datetime import UTC, datetime
from typing import Any

from services.kernel.contracts.columns import DepartmentClass, DepartmentKind, DepartmentMerged, DepartmentRegistered
from services.kernel.domain.event import Event, Message

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CONTACT = {"name": "欧阳测试", "phone": "13800009876", "email": "ouyang.test@example.com"}
NEW: dict[str, Any] = {
    "kind": "complaint",
    "mailbox": "finance",
    "title": "路灯不亮",
    "text": "小区门口的路灯坏了三天。",
    "contact": CONTACT,
    "consent": True,
}


def registered(code: str, *, duties: bool = True) -> Message:
    event = DepartmentRegistered(
        at=LONG_AGO,
        code=code,
        name=f"市{code}局",
        kind=DepartmentKind.GOVERNMENT,
        department_class=DepartmentClass.II,
        service_duties=True,
        letter_duties=duties,
        phone="0763-3300000",
        address="清远市",
    )
    return message(event)


def merged(code: str, *, into: str, at: datetime, sequence: int = 2) -> Message:
    """The department ends at a moment."""
    told = DepartmentMerged(at=LONG_AGO, code=code, successor=into, effective_at=at, reason="机构改革")
    return message(told, sequence)


def message(event: Event, sequence: int = 1) -> Message:
    return Message(
        id=f"{event.subject}-{sequence}",
        type=event.TYPE,
        source=event.SOURCE,
        subject=event.subject,
        sequence=sequence,
        time=event.at,
        correlation="test",
        trace=None,
        value=event.model_dump_json().encode(),
    )


def policy(days: int, effective: datetime) -> dict[str, Any]:
    limits = {kind: {"amount": days, "unit": "working_days"} for kind in (
        "consultation", "complaint", "suggestion", "help", "error_report")}  # fmt: skip
    return {
        "effective": f"{effective:%Y-%m-%d}", "source": "清府办〔2027〕1号", "limits": limits,
        "due_soon_working_days": 1, "mayor_department": "office", "wrong_codes": 5, "wrong_codes_within_minutes": 30,
    }  # fmt: skip
