"""What several programs take in and tell, declared once: codes, ids, and what a letter may be."""

from typing import Annotated

from pydantic import StringConstraints

RECEIPT, QUERY_CODE = r"[0-9A-Za-z-]{1,40}", r"[0-9]{10}"
PHONE, EMAIL = r"[0-9+ -]{6,20}", r"[^@\s\x00]{1,40}@[^@\s\x00]{1,40}\.[^@\s\x00.]{2,18}"
TITLE, TEXT, NAME = (2, 100), (5, 5_000), (1, 40)  # of a letter and its writer: characters, least and most


def of(pattern: str) -> StringConstraints:
    """A text that matches as a whole."""
    return StringConstraints(pattern=f"^{pattern}$")


def within(limits: tuple[int, int], pattern: str) -> StringConstraints:
    """A text of so many characters, each of which matches."""
    return StringConstraints(min_length=limits[0], max_length=limits[1], pattern=f"^{pattern}*$")


DepartmentCode = Annotated[str, of(r"[a-z][a-z0-9_-]{0,39}")]
ColumnId = Annotated[str, of(r"c-[a-z0-9-]{1,250}")]
ItemId = Annotated[str, of(r"[A-Za-z0-9-]{1,100}")]
DisclosureClass = Annotated[str, of(r"[A-Z][0-9]{1,2}")]
Sha256 = Annotated[str, of(r"[0-9a-f]{64}")]
Month = Annotated[str, of(r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])")]

Receipt = Annotated[str, of(RECEIPT)]
QueryCode = Annotated[str, of(QUERY_CODE)]
LetterTitle = Annotated[str, within(TITLE, r"[^\x00-\x1f]")]
LetterText = Annotated[str, within(TEXT, r"[^\x00]")]
WriterName = Annotated[str, within(NAME, r"[^\x00]")]
Phone = Annotated[str, of(PHONE)]
Email = Annotated[str, of(EMAIL)]
