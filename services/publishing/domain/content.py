"""The content of an item: what a reviewer judges and the public reads; and the hash that names it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from services.kernel.contracts.describing import Told
from services.kernel.contracts.fields import ColumnId
from services.kernel.contracts.publishing import ItemContent
from services.kernel.domain.calendar import day_of
from services.publishing.domain import refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """The disclosure classes (art. 8); `otherwise` stands in an index number where an item has none."""

    classes: frozenset[str]
    otherwise: str


class Content(ItemContent):
    """Everything of an item that its department writes. `body`: as it is typed, Markdown or pasted HTML."""

    column_id: Told[ColumnId]
    """The column in which it stands, or will."""

    @property
    def hash(self) -> str:
        """Version 1: of what is written. It names drafts, and what was released before version 2."""
        return self._hash(self.body)

    def hash_shown(self, html: str) -> str:
        """Version 2: of what the public gets, the rendered body in its place, so that anyone can recompute it."""
        return self._hash(html, version=2)

    def _hash(self, body: str, **version: int) -> str:
        """sha256 in hex of canonical JSON. If one byte differs anywhere, the hash differs."""
        return hash_of(
            {
                "kind": self.kind,
                "column": self.column_id,
                "title": self.title,
                "summary": self.summary,
                "body": body,
                "class": self.disclosure_class,
                "document_number": self.document_number,
                "made_on": self.made_on.isoformat(),
                "keywords": list(self.keywords),
                **version,
            }
        )

    def must_be_possible(self, taxonomy: Taxonomy, *, at: datetime) -> None:
        """Raises `Refused` if art. 8 does not know the class, or if it was made on a day that has not come."""
        if self.disclosure_class is not None and self.disclosure_class not in taxonomy.classes:
            raise refusals.CLASS_UNKNOWN(disclosure_class=self.disclosure_class)
        if self.made_on > day_of(at):
            raise refusals.MADE_LATER()


def hash_of_content(content: Content, html: str | None) -> str:
    """By version 2, or by version 1 where no rendered body is kept."""
    return content.hash if html is None else content.hash_shown(html)


def hash_of(value: Mapping[str, object]) -> str:
    """sha256 in hex of canonical JSON: keys sorted, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
