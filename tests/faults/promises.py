"""What must hold after any fault: all is there once and in order, nothing else is; deadlines told; scores alike."""

from collections import Counter
from datetime import UTC, datetime

from services.kernel.domain.calendar import month_of
from services.kernel.domain.person import Role
from tests.faults.writing import Written
from tests.support.city import ok
from tests.support.programs import Suite
from tests.support.proof import NOBODY, documents, everything_was_sent, journal, shown_exactly, told
from tests.support.waiting import until

DAY = 24 * 3600
LETTERS_LATE, MONTH_OVER = 60 * DAY, 70 * DAY  # seconds by which a program's clock runs ahead


def everything_holds(running: Suite, written: Written, *, ordered: bool = True) -> None:
    """`ordered`: topics hold each aggregate's events in order, as they do unless they were emptied."""
    everything_was_sent(running, "publishing", ordered=ordered)
    shown_exactly(running, written.titles)
    each_letter_due_is_told_overdue_once(running, written, ordered=ordered)
    the_score_rests_on_every_fact_and_replays(running)


def each_letter_due_is_told_overdue_once(running: Suite, written: Written, *, ordered: bool = True) -> None:
    """Two replicas sweep at once when all are late."""
    ahead = {"CITYGATE_CLOCK_SHIFT": str(LETTERS_LATE)}
    running.restart("mailbox", env=ahead)
    running.replica("mailbox", env=ahead)
    due = sorted(f"letter/{receipt}" for receipt in written.left_open)
    until(lambda: set(announced(running)) >= set(due), seconds=60)
    everything_was_sent(running, "mailbox", ordered=ordered)
    assert sorted(announced(running)) == due
    heard = {(m.subject, m.sequence) for m in told(running, "mailbox") if m.type == "letter.overdue"}
    assert sorted(subject for subject, _ in heard) == due


def announced(running: Suite) -> list[str]:
    return [record["subject"] for record in journal(running, "mailbox") if record["type"] == "letter.overdue"]


def the_score_rests_on_every_fact_and_replays(running: Suite) -> None:
    """This month, seen from the one after the next."""
    month = month_of(datetime.now(UTC))
    running.restart("scoring", env={"CITYGATE_CLOCK_SHIFT": str(MONTH_OVER)})
    office, group = running.client("scoring", Role.OFFICE), running.client("scoring", Role.LEADING_GROUP)
    until(lambda: facts(running) == Counter(set(all_told(running))))

    def closed() -> bool:
        answer = office.post(f"/assessments/{month}/closing")
        return answer.status_code == 200 or bool(answer.json()["code"] == "month.closed")

    until(closed)
    ok(group.post(f"/assessments/{month}/confirmation"))
    ok(office.post(f"/assessments/{month}/publication"))
    replayed = ok(office.post("/replays", json={"month": month}))
    assert replayed["identical"], replayed
    assert replayed["sha256_stored"] == replayed["sha256_now"]


def facts(running: Suite) -> Counter[tuple[str, int]]:
    """What scoring keeps: subject and sequence, as often as it keeps them; but for what a test forged."""
    kept = [fact for fact in documents(running, "scoring", "fact") if NOBODY not in fact["subject"]]
    return Counter((fact["subject"], fact["sequence"]) for fact in kept)


def all_told(running: Suite) -> list[tuple[str, int]]:
    """What the speakers told, but for what a test forged, and what follows from that."""
    return [(message.subject, message.sequence) for message in told(running) if NOBODY not in message.subject]
