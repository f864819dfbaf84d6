"""Long work over HTTP: answered when it is done soon, else followed at `GET /tasks/{id}`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Concatenate, ParamSpec, Self, TypeVar

from fastapi import APIRouter, Depends, Path, Response
from starlette.responses import JSONResponse

from services.kernel.contracts.fields import Moment, TaskId
from services.kernel.domain import refusals
from services.kernel.domain.decision import Reader, Unit
from services.kernel.domain.person import EVERYBODY, Rights
from services.kernel.domain.task import Task, TaskState, refusal
from services.kernel.http.problem import AnsweredBefore, Says
from services.kernel.http.web import Answer, Door, Entered, Read, Shape, View

WAIT = 10.0  # seconds a caller waits for the end of the work

P = ParamSpec("P")
V = TypeVar("V", bound=View)

router = APIRouter(tags=["tasks"], route_class=Door)
MAY: Rights = {"GET /tasks/{task_id}": EVERYBODY}
SAYS: Says = {"GET /tasks/{task_id}": (refusals.missing("task"),)}
TAGS = {"tasks": "Long work that goes on after its answer, such as the close of a month."}


class WhyView(Shape):
    """The refusal it failed with."""

    code: str
    """The refusal's code, explained by the portal at `/problems/{code}`."""
    detail: str
    """What happened, and what to do."""


class TaskView(View):
    """Long work, and how far it has come."""

    id: str
    """The task's id, for `GET /tasks/{task_id}`."""
    work: str
    """What is done, as `closing`."""
    state: TaskState
    done: int
    """How many parts are done."""
    total: int | None
    """Of how many; null if nobody knows."""
    begun_at: Moment
    """When it was begun. UTC."""
    moved_at: Moment
    """When a part was last done. UTC."""
    why: WhyView | None
    """Why it failed; null while it did not."""

    @classmethod
    def of(cls, state: object) -> Self:
        assert isinstance(state, Task)
        return cls(
            version=state.version, id=state.id, work=state.work, state=state.state, done=state.progress.done,
            total=state.progress.total, begun_at=state.begun_at, moved_at=state.moved_at,
            why=WhyView.model_validate(state.why) if state.why else None,
        )  # fmt: skip


FOLLOWED: dict[int | str, dict[str, Any]] = {
    202: {"model": TaskView, "description": "It takes longer. `Location` says where to see how far it has come."}
}


async def one(read: Reader, task_id: str) -> Task:
    found = await read.look(Task, task_id)
    if found is None:
        raise refusals.missing("task")(id=task_id)
    return found


@router.get("/tasks/{task_id}", summary="How far long work has come")
async def task(task_id: Annotated[TaskId, Path()], read: Read) -> TaskView:
    """Long work is answered with 202 and a `Location` that leads here. Ask again each second until it is done."""
    return TaskView.of(await one(read, task_id))


class Following:
    """Begins a task in one transaction and waits for its end: the outcome if that is soon, else 202."""

    def __init__(self, answer: Answer, door: Entered, response: Response) -> None:
        self.answer, self.door, self.response = answer, door, response

    async def __call__(
        self,
        view: Callable[[Any], V],
        outcome: Callable[[Reader], Awaitable[object]],
        begin: Callable[Concatenate[Unit, P], Awaitable[Task]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> V | Response:
        """Raises the refusal that the task failed with. After `Away` and `Busy` a replica still goes on with it."""
        try:
            begun = (await self.answer(TaskView.of, begin, *args, **kwargs)).id
        except AnsweredBefore as before:
            begun = TaskView.model_validate_json(before.answer).id
        doing = self.door.do(begun)
        await asyncio.wait([doing], timeout=WAIT)
        found = doing.result() if doing.done() else await one(self.door.transact.reader(), begun)
        if found.why:
            raise refusal(found.why)
        if found.state is TaskState.RUNNING:
            headers = {"Location": f"/tasks/{found.id}", "Retry-After": "1", "ETag": f'"{found.version}"'}
            return JSONResponse(TaskView.of(found).model_dump(mode="json"), 202, headers=headers)
        shown = view(await outcome(self.door.transact.reader()))
        self.response.headers["ETag"] = f'"{shown.version}"'
        return shown


async def following(answer: Answer, door: Entered, response: Response) -> Following:
    return Following(answer, door, response)


Follow = Annotated[Following, Depends(following)]
