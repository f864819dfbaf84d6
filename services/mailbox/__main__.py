"""Builds mailbox from its parts."""

from services.kernel.running.commands import main
from services.kernel.running.program import Service
from services.mailbox import api, city, consumers, store, timers
from services.mailbox.actions import erase_letter
from services.mailbox.domain import Letter
from services.mailbox.settings import MailboxSettings

SERVICE = Service(
    name="mailbox", title="Citizens' letters",
    about=(
        "Citizens' letters (来信) and the clock each of them runs on: received, accepted, answered, closed, in working "
        "days. The gateway hands letters in and asks for their writers; departments handle them. What is "
        "personal is stored encrypted, and each look at a contact is recorded. Every write takes `Idempotency-Key`, "
        "and `If-Match` where two people could collide. Moments are UTC; days are of Beijing's calendar."
    ),
    tags=api.TAGS, router=api.router, may=api.MAY, says=api.SAYS, indexes=store.INDEXES,
    first=timers.first, beside=timers.beside, sweeps=timers.sweeps, hearing=consumers.HEARING,
    personal={Letter: erase_letter},
)  # fmt: skip

if __name__ == "__main__":
    main(SERVICE, MailboxSettings, city=city.load)
