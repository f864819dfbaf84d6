"""The rules of letters (来信): their life, their clock, and what the public and the writer may see."""

from services.mailbox.domain.clock import Clock, Policy, amber_from, clock, in_force
from services.mailbox.domain.copied import Department
from services.mailbox.domain.disclosure import Extract, NoContact, disclose
from services.mailbox.domain.letter import (
    ContactSeen,
    Letter,
    LetterState,
    Rating,
    Step,
    Writing,
    accept,
    answer,
    close,
    erase,
    first_department,
    look_at_contact,
    rate,
    receive,
    transfer,
    wake,
)
from services.mailbox.domain.proof import Guesses, may_try, tries
from services.mailbox.domain.redating import redate

__all__ = [
    "Clock",
    "ContactSeen",
    "Department",
    "Extract",
    "Guesses",
    "Letter",
    "LetterState",
    "NoContact",
    "Policy",
    "Rating",
    "Step",
    "Writing",
    "accept",
    "amber_from",
    "answer",
    "clock",
    "close",
    "disclose",
    "erase",
    "first_department",
    "in_force",
    "look_at_contact",
    "may_try",
    "rate",
    "receive",
    "redate",
    "transfer",
    "tries",
    "wake",
]
