"""The review before publication (先审查后公开): released, returned or withheld."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.kernel.contracts.publishing import Ground, ItemReleased, ItemReturned, ItemWithheld, ReviewRecord
from services.kernel.domain.decision import Decision
from services.kernel.domain.event import Fact
from services.kernel.domain.person import Person
from services.publishing.domain import refusals
from services.publishing.domain.item import Item, ItemState, Review, Verdict, must_be_of, refuse

STATES = {
    Verdict.RELEASE: ItemState.RELEASED,
    Verdict.RETURN: ItemState.RETURNED,
    Verdict.WITHHOLD: ItemState.WITHHELD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a reviewer says. `seen`: hash of the content they read; `ground`: why it is withheld."""

    verdict: Verdict
    grounds: Mapping[Ground, bool]
    seen: str | None
    ground: Ground | None = None
    note: str = ""


def judge(item: Item, said: Judgement, *, by: Person, at: datetime) -> Decision[Item]:
    """Release, return or withhold what was submitted."""
    must_be_of(item.department, by)
    match item.state:
        case ItemState.SUBMITTED:
            _must_be_anothers(item, by)
            _must_be_whole(item, said)
        case ItemState.DRAFT | ItemState.RETURNED | ItemState.RELEASED:
            refuse(item, "reviewed")
        case ItemState.WITHHELD | ItemState.PUBLISHED | ItemState.WITHDRAWN:
            refuse(item, "reviewed")
    review = Review(
        decision=said.verdict,
        reviewer=by.sub,
        at=at,
        note=said.note,
        grounds=dict(said.grounds),
        ground=said.ground,
        content_hash=item.content_hash,
    )
    after = replace(item, state=STATES[said.verdict], review=review, changed_at=at)
    return Decision(after, (_judged(after, review),))


def review_record(item: Item, review: Review) -> ReviewRecord:
    """The review as it is told to others: everything that makes it complete, without who reviewed."""
    return ReviewRecord(
        reviewed_at=review.at,
        sealed_to=review.content_hash,
        by_another=review.reviewer not in item.authors,
        grounds_answered=tuple(ground for ground in Ground if ground in review.grounds),
    )


def _must_be_anothers(item: Item, by: Person) -> None:
    if by.sub in item.authors:
        raise refusals.OWN_REVIEW()


def _must_be_whole(item: Item, said: Judgement) -> None:
    if set(said.grounds) != set(Ground):
        raise refusals.REVIEW_INCOMPLETE()
    if said.seen != item.content_hash and (said.seen or said.verdict is Verdict.RELEASE):
        raise refusals.OTHER_CONTENT()
    match said.verdict:
        case Verdict.RELEASE if any(said.grounds.values()) or said.ground is not None:
            raise refusals.GROUND_FOUND()
        case Verdict.WITHHOLD if said.ground is None or not said.grounds[said.ground]:
            raise refusals.GROUND_MISSING()
        case Verdict.RETURN if not said.note:
            raise refusals.REVIEW_NOTE_MISSING()
        case Verdict.RELEASE | Verdict.WITHHOLD | Verdict.RETURN:
            pass


def _judged(item: Item, review: Review) -> Fact:
    match review:
        case Review(decision=Verdict.RELEASE):
            return ItemReleased(
                at=review.at,
                item_id=item.id,
                revision=item.revision,
                column_id=item.content.column_id,
                department=item.department,
                review=review_record(item, review),
            )
        case Review(ground=Ground() as ground, decision=Verdict.WITHHOLD):
            return ItemWithheld(
                at=review.at,
                item_id=item.id,
                revision=item.revision,
                column_id=item.content.column_id,
                department=item.department,
                ground=ground,
            )
        case Review():
            return ItemReturned(
                at=review.at,
                item_id=item.id,
                revision=item.revision,
                column_id=item.content.column_id,
                department=item.department,
            )
