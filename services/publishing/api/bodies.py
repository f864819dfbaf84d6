"""What clients of publishing send."""

from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, Field, StrictBool

from services.kernel.contracts.describing import Meaning, example, means
from services.kernel.contracts.fields import ColumnReference, DepartmentCode, DisclosureClass, ItemId, Sha256, written
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


Title = Annotated[str, written(text.line, 1, 200), means("As readers see it (标题).", "关于预算公开的通知")]
Short = Annotated[str, written(text.line, 1, 100), means("Of an official document (文号).", "清财〔2026〕12号")]
Keyword = Annotated[str, written(text.line, 1, 40), means("A word under which it is found (主题词).", "预算")]
Text = Annotated[str, written(text.text, 0, 1_000)]
Reason = Annotated[str, written(text.text, 1, 1_000), means("Why, as the public reads it.", "内容有误，已更正。")]
Markdown = Annotated[
    str,
    AfterValidator(not_too_long),
    written(text.text, 1, MARKDOWN_BYTES),
    means("Markdown: CommonMark and tables, for Chinese; or HTML pasted as a whole.", "**全文**如下。"),
]
ItemInPath = Annotated[ItemId, Path()]
RevisionInPath = Annotated[int, Path(ge=1, le=1_000_000, description="Which revision, counted from 1", examples=[1])]
CodeInPath = Annotated[DepartmentCode, Path()]


def holds(ground: Ground) -> Meaning:
    return means(f"Whether {ground.meaning}.", False)


class ItemBody(Body):
    """The whole content of an item."""

    kind: Known[ItemKind]
    column_id: ColumnReference
    """The column in which it stands, by its id or its path."""
    title: Title
    summary: Text = ""
    """In a few sentences what it says (内容概述)."""
    body: Markdown
    disclosure_class: DisclosureClass | None = None
    document_number: Short | None = None
    made_on: Annotated[date, Field(ge=date(1900, 1, 1)), means("The day it was made (生成日期).", "2026-01-05")]
    keywords: Annotated[tuple[Keyword, ...], Field(max_length=10)] = ()
    """Words under which it is found (主题词)."""

    def content(self, column_id: str) -> Content:
        """`column_id`: of the column that it refers to."""
        said = {name: getattr(self, name) for name in Content.model_fields}
        return Content(**said | {"column_id": column_id})


class NewItem(ItemBody):
    """A draft."""

    model_config = example(
        kind="notice", column_id="disclosure/notices", title="关于预算公开的通知", body="**全文**如下。",
        disclosure_class="G15", made_on="2026-01-05", keywords=["预算"],
    )  # fmt: skip

    department: DepartmentCode | None = None
    """The department that will answer for it; needed only if the caller's token names several."""

    def responsible(self, by: Person) -> str:
        """The department that answers for it (art. 7). `Forbidden` if the caller has several and names none."""
        if self.department is not None:
            return self.department
        if len(by.own) != 1:
            raise refusals.DEPARTMENT_UNCLEAR()
        return next(iter(by.own))


class EditedItem(ItemBody):
    """The new content, as a whole."""

    model_config = example(
        kind="notice", column_id="disclosure/notices", title="关于预算公开的通知", body="**全文**和附表如下。",
        disclosure_class="G15", made_on="2026-01-05", keywords=["预算", "决算"],
    )  # fmt: skip

    change_note: Reason | None = None
    """What changed, as the public reads it (修订说明): needed from the second revision on, and not before."""


class Grounds(Body):
    """For each ground for not disclosing (art. 8), whether it holds. All five are required."""

    E1: Annotated[StrictBool, holds(Ground.STATE_SECRET)]
    E2: Annotated[StrictBool, holds(Ground.PRIVACY_OR_COMMERCIAL_SECRET)]
    E3: Annotated[StrictBool, holds(Ground.UNDER_DISCUSSION)]
    E4: Annotated[StrictBool, holds(Ground.ENFORCEMENT)]
    E5: Annotated[StrictBool, holds(Ground.EXEMPT_BY_LAW)]

    def answers(self) -> dict[Ground, bool]:
        return {ground: bool(getattr(self, ground)) for ground in Ground}


class ReviewBody(Body):
    """A decision on what was submitted."""

    model_config = example(
        decision="return", grounds={"E1": False, "E2": False, "E3": False, "E4": False, "E5": False},
        note="请补充附表的来源。",
    )  # fmt: skip

    decision: Verdict
    grounds: Grounds
    """The reviewer's answer on each of the five grounds."""
    ground: Ground | None = None
    """Why it is not disclosed: needed to withhold, and one whose answer is true."""
    note: Text = ""
    """For the author: needed to return."""
    content_hash: Sha256 | None = None
    """The `content_hash` of the item that the reviewer saw: needed to release."""

    def judgement(self) -> Judgement:
        return Judgement(
            verdict=self.decision,
            grounds=self.grounds.answers(),
            seen=self.content_hash,
            ground=self.ground,
            note=self.note,
        )


class Withdrawal(Body):
    """Why an item is taken off the portal."""

    model_config = example(reason="内容有误，已更正。")

    reason: Reason
    ground: Ground | None = None
    """The ground for not disclosing, if that is why; it costs the department the points of the review."""
