"""What publishing does when the time has come."""

from collections.abc import Sequence

from services.kernel.running.timer import Sweep
from services.publishing.actions import wake_duty
from services.publishing.domain import Duty
from services.publishing.store import duties_to_wake


def sweeps() -> Sequence[Sweep]:
    return [Sweep(name="duties", of=Duty, due=duties_to_wake, act=wake_duty)]
