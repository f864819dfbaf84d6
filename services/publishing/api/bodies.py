"""What clients of publishing send."""

from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, Field, StrictBool

from services.kernel.contracts.fields import ColumnId, DepartmentCode, DisclosureClass, ItemId, Sha256, written
from services.kernel.contracts.publishing import Ground, ItemKind
from services.kernel.domain import text
from services.kernel.domain.decision import Wrong
from services.kernel.domain.event import Known
from services.kernel.domain.person import Person
from services.kernel.http.web import Body
from services.publishing.domain import MARKDOWN_BYTES, Content, Judgement, Verdict, refusals


def not_too_long(body: str) -> str:
    if len(body.encode()) > MARKDOWN_BYTES:
        raise Wrong(f"正文最多{MARKDOWN_BYTES}字节（UTF-8）。", f"A body has at most {MARKDOWN_BYTES} bytes in UTF-8.")
    return body


Title = Annotated[str, written(text.line, 1, 200)]
Short = Annotated[str, written(text.line, 1, 100)]
Keyword = Annotated[str, written(text.line, 1, 40)]
Text = Annotated[str, written(text.text, 0, 1_000)]
Reason = Annotated[str, written(text.text, 1, 1_000)]
Markdown = Annotated[str, AfterValidator(not_too_long), written(text.text, 1, MARKDOWN_BYTES)]
ItemInPath = Annotated[ItemId, Path()]
RevisionInPath = Annotated[int, Path(ge=1, le=1_000_000)]
CodeInPath = Annotated[DepartmentCode, Path()]


class ItemBody(Body):
    """The whole content of an item; `body` is Markdown: CommonMark and tables, for Chinese (decision 25)."""

    kind: Known[ItemKind]
    column_id: ColumnId
    title: Title
    summary: Text = ""
    body: Markdown
    disclosure_class: DisclosureClass | None = None
    document_number: Short | None = None
    made_on: Annotated[date, Field(ge=date(1900, 1, 1))]
    keywords: Annotated[tuple[Keyword, ...], Field(max_length=10)] = ()

    def content(self) -> Content:
        return Content(**{name: getattr(self, name) for name in Content.model_fields})


class NewItem(ItemBody):
    """A draft. `department` is needed only if the caller's token names several."""

    department: DepartmentCode | None = None

    def responsible(self, by: Person) -> str:
        """The department that answers for it (art. 7). `Forbidden` if the caller has several and names none."""
        if self.department is not None:
            return self.department
        if len(by.own) != 1:
            raise refusals.DEPARTMENT_UNCLEAR()
        return next(iter(by.own))


class EditedItem(ItemBody):
    """The new content. From the second revision on, `change_note` tells the public what changed."""

    change_note: Reason | None = None


class Grounds(Body):
    """For each ground for not disclosing (art. 8), whether it holds. All five are required."""

    E1: StrictBool
    E2: StrictBool
    E3: StrictBool
    E4: StrictBool
    E5: StrictBool

    def answers(self) -> dict[Ground, bool]:
        return {ground: bool(getattr(self, ground)) for ground in Ground}


class ReviewBody(Body):
    """A decision.

    To release, `content_hash` names the content that the reviewer saw. To withhold, name the `ground`; to return, write
    a `note`.
    """

    decision: Verdict
    grounds: Grounds
    ground: Ground | None = None
    note: Text = ""
    content_hash: Sha256 | None = None

    def judgement(self) -> Judgement:
        return Judgement(
            verdict=self.decision,
            grounds=self.grounds.answers(),
            seen=self.content_hash,
            ground=self.ground,
            note=self.note,
        )


class Withdrawal(Body):
    """Why an item is taken off the portal; the public reads the reason."""

    reason: Reason
    ground: Ground | None = None
