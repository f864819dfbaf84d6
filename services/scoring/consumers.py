"""What scoring does when it hears: it keeps every fact, once; and who succeeded which department, for rights."""

from dataclasses import replace

from services.kernel.contracts import columns, gateway, mailbox, publishing, scoring
from services.kernel.domain.terms import Succession
from services.kernel.stream.consumer import Copy, Hearing, Recorder

SPEAKERS = (columns, publishing, mailbox, scoring, gateway)

departments = Copy(Succession)


@departments.on(columns.DepartmentMerged, columns.DepartmentAbolished)
def ended(department: Succession | None, event: columns.DepartmentEnded) -> Succession:
    known = department or Succession(id=event.code)
    return replace(known, successors=known.successors.since(event.effective_at, event.successor))


HEARING = Hearing(
    sources=[speaker.__name__.rpartition(".")[2] for speaker in SPEAKERS], handlers=[departments, Recorder()]
)
