"""What an item says: what of it can be, and the hash that names exactly this."""

from datetime import date
from hashlib import sha256

import pytest

from services.kernel.domain.decision import Refused
from services.publishing.domain import Content
from tests.publishing.examples import CONTENT, but, drafted


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (but(CONTENT, disclosure_class="G16"), "item.class_unknown"),
        (but(CONTENT, made_on=date(2026, 3, 3)), "item.made_later"),
    ],
)
def test_content_that_cannot_be_is_refused(content: Content, code: str) -> None:
    with pytest.raises(Refused) as no:
        drafted(content)
    assert no.value.code == code


def test_the_hash_tells_every_field_apart() -> None:
    different = {
        but(CONTENT, title="x").hash, but(CONTENT, summary="x").hash, but(CONTENT, body="x").hash,
        but(CONTENT, column_id="x").hash, but(CONTENT, disclosure_class=None).hash,
        but(CONTENT, document_number=None).hash, but(CONTENT, made_on=date(2026, 1, 1)).hash,
        but(CONTENT, keywords=()).hash, but(CONTENT, title=CONTENT.summary, summary=CONTENT.title).hash,
    }  # fmt: skip

    assert len(different | {CONTENT.hash}) == 10


def test_the_hash_is_that_of_the_content_as_json_with_its_names_in_order() -> None:
    """Written out, so that anybody can reckon it again from what the portal shows."""
    canonical = (
        '{"body":"# 预算\\n\\n正文。","class":"G07","column":"c-budget","document_number":"清财〔2026〕1号",'
        '"keywords":["预算"],"kind":"document","made_on":"2026-02-27","summary":"摘要","title":"2026年市级预算"}'
    )

    assert CONTENT.hash == sha256(canonical.encode()).hexdigest()
