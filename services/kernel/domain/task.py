"""Long work as an aggregate: begun in a unit, done in steps, ended with what it achieved or with why it could not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

from services.kernel.domain.decision import (
    Aggregate,
    Broken,
    Decision,
    Forbidden,
    Missing,
    No,
    Refusal,
    Refused,
    Stale,
    Unknown,
)
from services.kernel.domain.event import DescribedEnum, Fact


class TaskState(DescribedEnum):
    """How a task stands."""

    RUNNING = "running", "some replica goes on with it"
    DONE = "done", "it achieved what it was begun for"
    FAILED = "failed", "it was refused, and ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a task has come: `done` of `total` parts, None if nobody knows how many. `cursor` None: to its end."""

    cursor: str | None
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The refusal a task failed with. `kind`: its class; `detail` in English, `detail_zh` in Chinese."""

    kind: str
    code: str
    detail: str
    detail_zh: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Aggregate):
    """A piece of long work. `work` names what is done; `cursor`: where the next step begins, None: at the beginning.

    `by`, `request`: who began it, and with which request.
    """

    KIND: ClassVar[str] = "task"

    work: str
    arguments: Mapping[str, Any]
    state: TaskState
    by: str
    request: str
    begun_at: datetime
    moved_at: datetime
    progress: Progress = field(default_factory=lambda: Progress(cursor=None, done=0))
    why: Why | None = None


class TaskBegun(Fact):
    """Somebody wants it done. Kept only."""

    TYPE: ClassVar[str] = "task.begun"

    work: str


class TaskMoved(Fact):
    """A step was done; it may have been the last. Kept only."""

    TYPE: ClassVar[str] = "task.moved"

    done: int
    total: int | None
    state: TaskState


class TaskFailed(Fact):
    """It cannot be done. Kept only."""

    TYPE: ClassVar[str] = "task.failed"

    code: str


KINDS = {kind.__name__: kind for kind in (Refused, Unknown, Missing, Forbidden, Stale)}


def refusal(why: Why) -> No:
    """The refusal as it was."""
    zh, en = (text.replace("{", "{{").replace("}", "}}") for text in (why.detail_zh or why.detail, why.detail))
    return Refusal(KINDS.get(why.kind, Broken), why.code, zh, en)()


def begin(
    found: Task | None, id: str, work: str, arguments: Mapping[str, Any], *, by: str, request: str, at: datetime
) -> Decision[Task]:
    """Begin it. While it runs, beginning it again changes nothing; what has ended begins anew."""
    if found is not None and found.state is TaskState.RUNNING:
        return Decision(found)
    version = found.version if found else 0
    task = Task(
        id=id, version=version, work=work, arguments=dict(arguments), state=TaskState.RUNNING, by=by, request=request,
        begun_at=at, moved_at=at,
    )  # fmt: skip
    return Decision(task, (TaskBegun(at=at, work=work),))


def move(task: Task, progress: Progress, *, at: datetime) -> Decision[Task]:
    """A step was done."""
    state = TaskState.DONE if progress.cursor is None else TaskState.RUNNING
    told = TaskMoved(at=at, done=progress.done, total=progress.total, state=state)
    return Decision(replace(task, state=state, progress=progress, moved_at=at), (told,))


def fail(task: Task, no: No, *, at: datetime) -> Decision[Task]:
    """It ends, because a step was refused."""
    why = Why(kind=type(no).__name__, code=no.code, detail=no.said.en, detail_zh=no.said.zh)
    return Decision(replace(task, state=TaskState.FAILED, why=why, moved_at=at), (TaskFailed(at=at, code=no.code),))
