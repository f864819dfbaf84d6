"""What breaks an event as it was released is found, wherever in it; what only grows it breaks nothing."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from enum import StrEnum, auto
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from services.kernel.contracts import schemas
from services.kernel.contracts.growth import PROSE, Schema, broken
from services.kernel.domain.event import EVENTS, OpenEnum


class Colour(StrEnum):
    RED = auto()
    BLUE = auto()


class Mood(OpenEnum):
    GOOD = auto()
    BAD = auto()


class Leaf(BaseModel):
    colour: Colour
    weight: Annotated[int, Field(ge=1)] = 1
    leaves: "tuple[Leaf, ...]" = ()


class Tree(BaseModel):
    first: Leaf | None
    pair: tuple[Leaf, str]
    by_name: dict[str, Leaf] = {}
    mood: Mood = Mood.GOOD
    sort: Literal["oak", "elm"] = "oak"
    before: Mood = Mood.BAD


OLD = Tree.model_json_schema(mode="serialization")
Change = Callable[[Schema], object]


def changed(*changes: Change) -> list[str]:
    new = deepcopy(OLD)
    for change in changes:
        change(new)
    return broken(OLD, new, at="tree")


def leaf(new: Schema) -> Any:
    return new["$defs"]["Leaf"]


def fields(new: Schema) -> Any:
    return new["properties"]


BREAKING: dict[str, Change] = {
    "tree.pair: is gone": lambda new: fields(new).pop("pair"),
    "tree.mood: became required": lambda new: new["required"].append("mood"),
    "tree.pair: became optional": lambda new: new["required"].remove("pair"),
    "tree.first.colour: is gone": lambda new: leaf(new)["properties"].pop("colour"),
    "tree.first.age: became required": lambda new: leaf(new)["required"].append("age"),
    "tree.first.weight: minimum changed": lambda new: leaf(new)["properties"]["weight"].update(minimum=0),
    "tree.first.weight: default changed": lambda new: leaf(new)["properties"]["weight"].update(default=2),
    "tree.first.colour: lost the value 'red'": lambda new: new["$defs"]["Colour"]["enum"].remove("red"),
    "tree.first.colour: gained the value 'green', and is closed": lambda n: n["$defs"]["Colour"]["enum"].append(
        "green"
    ),
    "tree.sort: gained the value 'ash', and is closed": lambda new: fields(new)["sort"]["enum"].append("ash"),
    "tree.mood: lost the value 'bad'": lambda new: new["$defs"]["Mood"]["x-known-values"].remove("bad"),
    "tree.mood: was closed and is open, or was open and is closed": (
        lambda new: new["$defs"].update(Mood={"type": "string", "enum": ["good", "bad"]})
    ),
    "tree.before: default changed": lambda new: fields(new)["before"].update(default="good"),
    "tree.pair: prefixItems changed": lambda new: fields(new)["pair"]["prefixItems"].append({"type": "string"}),
    "tree.pair: type changed": lambda new: fields(new)["pair"]["prefixItems"][1].update(type="integer"),
    "tree.by_name[]: type changed": lambda new: fields(new)["by_name"].update(additionalProperties={"type": "string"}),
    "tree.first: anyOf changed": lambda new: fields(new)["first"]["anyOf"].pop(),
    "tree.first.leaves: items changed": lambda new: leaf(new)["properties"]["leaves"].pop("items"),
}


@pytest.mark.parametrize("sentence", BREAKING)
def test_what_breaks_is_named_with_its_place(sentence: str) -> None:
    assert sentence in changed(BREAKING[sentence])


GROWING: dict[str, Change] = {
    "an optional field": lambda new: fields(new).update(age={"type": "integer", "default": 0}),
    "an optional field deep inside": lambda new: leaf(new)["properties"].update(age={"type": "integer", "default": 0}),
    "a word of an open set": lambda new: new["$defs"]["Mood"]["x-known-values"].append("mixed"),
    "other prose": lambda new: leaf(new).update(title="Blatt", description="part of a tree"),
    "another order": lambda new: new["$defs"]["Colour"]["enum"].reverse(),
}


@pytest.mark.parametrize("what", GROWING)
def test_what_only_grows_breaks_nothing(what: str) -> None:
    assert changed(GROWING[what]) == []


def test_a_definition_may_have_another_name() -> None:
    renamed = json.loads(json.dumps(OLD).replace("Leaf", "Blade"))

    assert broken(OLD, renamed) == []


def test_a_reader_that_takes_no_more_fields_breaks_with_one_more() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")

    old = Strict.model_json_schema()
    new = old | {"properties": {"age": {"type": "integer", "default": 0}}}

    assert broken(old, new) == ["event.age: is new, and released readers take no more"]


def places(node: Any, *, ours: bool = False) -> Iterator[tuple[Any, Any]]:
    """Each part of a schema that is not prose, by container and key. `ours`: the keys are names that we gave."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, part in parts:
        if ours or key not in PROSE:
            if not ours:
                yield node, key
        elif key != "$defs":
            continue
        yield from places(part, ours=not ours and key in ("properties", "$defs"))


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_no_part_of_a_real_event_can_go_unseen(name: str) -> None:
    released = schemas.schema(EVENTS[name])

    for n in range(len(list(places(released)))):
        without = deepcopy(released)
        container, key = list(places(without))[n]
        del container[key]
        assert broken(released, without), f"{key} of {container}"


class TestDocuments:
    @pytest.fixture
    def directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(schemas, "DIRECTORY", tmp_path)
        schemas.main(["--release"])
        return tmp_path

    def earlier(self, directory: Path, change: Change, *, event: str = "item.withheld") -> None:
        """Another form was released."""
        path = directory / "released" / f"{event}.json"
        document = json.loads(path.read_text("utf-8"))
        change(document)
        path.write_text(json.dumps(document), "utf-8")

    def test_what_is_released_is_checked(self, directory: Path) -> None:
        schemas.main(["--check"])

        assert {path.stem for path in (directory / "released").iterdir()} == set(EVENTS)

    @pytest.mark.parametrize("argument", ["--check", "--release"])
    def test_what_breaks_a_release_is_said_and_not_released(
        self, directory: Path, argument: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.earlier(directory, lambda old: old["$defs"]["Ground"]["enum"].remove("E5"))
        before = {path: path.read_bytes() for path in directory.rglob("*.json")}

        with pytest.raises(SystemExit) as ended:
            schemas.main([argument])

        assert ended.value.code == 1
        assert "item.withheld.ground: gained the value 'E5', and is closed" in capsys.readouterr().err
        assert {path: path.read_bytes() for path in directory.rglob("*.json")} == before

    def test_an_event_stays_with_its_speaker_and_its_key(
        self, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.earlier(directory, lambda old: old.update({"x-source": "mailbox", "x-key": "id"}))

        with pytest.raises(SystemExit):
            schemas.main(["--check"])

        said = capsys.readouterr().err
        assert "item.withheld: x-source changed" in said
        assert "item.withheld: x-key changed" in said

    def test_a_released_event_cannot_go(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (directory / "released" / "item.burnt.json").write_text("{}", "utf-8")

        with pytest.raises(SystemExit):
            schemas.main(["--release"])

        assert "item.burnt: a released event is gone" in capsys.readouterr().err

    def test_what_only_grew_is_released(self, directory: Path) -> None:
        self.earlier(directory, lambda old: old.update(description="As it was."), event="item.withheld")
        self.earlier(directory, lambda old: old["$defs"]["ItemKind"]["x-known-values"].pop(), event="item.published")

        schemas.main(["--release"])

        for event in ("item.withheld", "item.published"):
            released = json.loads((directory / "released" / f"{event}.json").read_text("utf-8"))
            assert released == schemas.schema(EVENTS[event])
