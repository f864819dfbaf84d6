"""What mailbox does when the time has come."""

from collections.abc import Sequence

from services.kernel.running.timer import Sweep
from services.mailbox.actions import wake_letter
from services.mailbox.domain import Letter
from services.mailbox.store import letters_to_wake


def sweeps() -> Sequence[Sweep]:
    return [Sweep(name="letters", of=Letter, due=letters_to_wake, act=wake_letter)]
