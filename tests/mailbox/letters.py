"""A letter in each of its states, and who has to do with it."""

from dataclasses import replace
from datetime import UTC, datetime

from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.calendar import official
from services.kernel.domain.decision import Decision
from services.kernel.domain.person import Person, Role
from services.kernel.domain.sealed import Sealed
from services.mailbox import store
from services.mailbox.domain import Department, Extract, Letter, Writing, accept, answer, close, in_force, receive

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday morning in Qingyuan
SOON = datetime(2026, 3, 19, 16, 0, tzinfo=UTC)  # 00:00 of Friday the 20th: with Monday two working days are left
DUE = datetime(2026, 3, 23, 16, 0, tzinfo=UTC)  # 24:00 of Monday the 23rd, the 15th working day after the 2nd
POLICY = in_force(store.first_policies(), AT)
FINANCE = Department(id="finance", name="市财政局", letter_duties=True)
WATER = Department(id="water", name="市水利局", letter_duties=True)
DEAF = Department(id="archive", name="市档案馆", letter_duties=False)
HANDLER = Person(sub="zhang", name="张", roles=frozenset({Role.HANDLER}), departments=frozenset({"finance"}))
OFFICE = Person(sub="li", name="李", roles=frozenset({Role.OFFICE}), departments=frozenset())
STRANGER = replace(HANDLER, sub="wang", departments=frozenset({"police"}))
WRITING = Writing(
    kind=LetterKind.COMPLAINT,
    mailbox="finance",
    title=Sealed("路灯"),
    text=Sealed("路灯不亮"),
    contact=Sealed("sealed"),
    consent=True,
)
EXTRACT = Extract(title="路灯", question="路灯不亮", answer="已修")


def received(writing: Writing = WRITING, department: Department = FINANCE) -> Decision[Letter]:
    return receive(
        "20260302-AAAAAA",
        writing,
        code_digest=Sealed("digest"),
        department=department,
        policy=POLICY,
        calendar=official(),
        at=AT,
    )


LETTER = replace(received().state, version=1)
ACCEPTED = accept(LETTER, by=HANDLER, at=AT).state
ANSWERED = answer(ACCEPTED, text="已修", by=HANDLER, at=AT).state
CLOSED = close(ANSWERED, by=HANDLER, at=AT).state


def told(decision: Decision[Letter]) -> list[str]:
    return [fact.TYPE for fact in decision.facts]
