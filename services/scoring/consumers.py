"""What scoring does when it hears: it keeps every fact, once."""

from services.kernel.contracts import columns, mailbox, publishing, scoring
from services.kernel.stream.consumer import Hearing, Recorder

SPEAKERS = (columns, publishing, mailbox, scoring)

HEARING = Hearing(sources=[speaker.__name__.rpartition(".")[2] for speaker in SPEAKERS], handlers=[Recorder()])
