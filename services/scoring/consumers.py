"""What scoring does when it hears: it keeps every fact, once; who succeeded which department; and the calendars."""

from dataclasses import replace

from services.kernel.contracts import columns, gateway, mailbox, publishing, scoring
from services.kernel.domain.calendars import Edition, Year, told
from services.kernel.domain.terms import Succession
from services.kernel.stream.consumer import Copy, Hearing, Recorder

SPEAKERS = (columns, publishing, mailbox, scoring, gateway)

departments = Copy(Succession)


@departments.on(columns.DepartmentMerged, columns.DepartmentAbolished)
def ended(department: Succession | None, event: columns.DepartmentEnded) -> Succession:
    known = department or Succession(id=event.code)
    return replace(known, successors=known.successors.since(event.effective_at, event.successor))


calendars = Copy(Year)


@calendars.on(mailbox.CalendarChanged)
def turned(year: Year | None, event: mailbox.CalendarChanged) -> Year:
    edition = Edition(off=event.off, make_up=event.make_up, source=event.source, number=event.version, at=event.at)
    return told(year, str(event.year), edition)


HEARING = Hearing(
    sources=[speaker.__name__.rpartition(".")[2] for speaker in SPEAKERS], handlers=[departments, calendars, Recorder()]
)
