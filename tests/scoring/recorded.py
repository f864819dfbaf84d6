"""Months as they were recorded: the facts, the inputs, and the digest of what was published of them."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.kernel.domain.event import Message
from services.scoring.domain.score import Inputs

NAMES = ("small", "busy", "running")


@dataclass(frozen=True, slots=True)
class Recorded:
    """`sha256`: of the canonical bytes that the first version of the measures gave; `scores` by department."""

    messages: tuple[Message, ...]
    inputs: Inputs
    sha256: str
    scores: dict[str, str | None]


def month(name: str) -> Recorded:
    said = json.loads((Path(__file__).parent / "months" / f"{name}.json").read_text("utf-8"))
    as_of = datetime.fromisoformat(said["as_of"])
    made = Inputs(
        position=said["position"], scheme=said["scheme"], calendar=said["calendar"], month=said["month"], as_of=as_of
    )
    return Recorded(tuple(map(message, said["facts"])), made, said["sha256"], said["scores"])


def message(fact: dict[str, Any]) -> Message:
    return Message(
        id=f"{fact['subject']}#{fact['sequence']}", type=fact["type"], source=fact["source"], subject=fact["subject"],
        sequence=fact["sequence"], time=datetime.fromisoformat(fact["time"]), correlation="recorded", trace=None,
        value=json.dumps(fact["value"], ensure_ascii=False).encode(),
    )  # fmt: skip
