"""Checks that an event only grew: released readers read the new bytes, and new readers the released bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

PROSE = {"$schema", "$id", "$defs", "title", "description", "examples"}
FIELDS, WORDS = {"properties", "required"}, {"enum", "const", "x-known-values"}
BRANCHES, INNER = ("anyOf", "oneOf", "allOf", "prefixItems"), ("items", "additionalProperties", "propertyNames")


def broken(released: Schema, current: Schema, at: str = "event") -> list[str]:
    """Where a schema breaks its released form. It may gain optional fields and words of open sets, nothing else."""
    return list(Growth(released.get("$defs", {}), current.get("$defs", {})).broken(released, current, at))


@dataclass(frozen=True, slots=True)
class Growth:
    """Compares two schemas, given the definitions that they refer to. Each pair of definitions is compared once."""

    released: Schema
    current: Schema
    seen: set[tuple[str, str]] = field(default_factory=set)

    def broken(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if pair in self.seen:
            old, new = beside(old), beside(new)
        elif all(pair):
            self.seen.add(pair)
        old, new = meant(old, self.released), meant(new, self.current)
        yield from fields(old, new, at)
        yield from words(old, new, at)
        for name, was in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self.broken(was, new["properties"][name], f"{at}.{name}")
        yield from self._branches(old, new, at)
        yield from self._rest(old, new, at)

    def _branches(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        for key in BRANCHES:
            was, now = old.get(key, []), new.get(key, [])
            if len(was) != len(now):
                yield f"{at}: {key} changed"
            for one, other in zip(was, now, strict=False):
                yield from self.broken(one, other, at)

    def _rest(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        """Types, formats, bounds, defaults: if one changed, old readers refuse new bytes, or new readers old bytes."""
        for key in sorted((old.keys() | new.keys()) - PROSE - FIELDS - WORDS - set(BRANCHES)):
            was, now = old.get(key), new.get(key)
            if key in INNER and isinstance(was, dict) and isinstance(now, dict):
                yield from self.broken(was, now, f"{at}[]")
            elif was != now or (key in old) != (key in new):
                yield f"{at}: {key} changed"


def meant(schema: Schema, definitions: Schema) -> Schema:
    """The schema, with its reference replaced by the definition."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]] | beside(schema)
    return schema


def beside(schema: Schema) -> Schema:
    """The schema without its reference."""
    return {key: value for key, value in schema.items() if key != "$ref"}


def fields(old: Schema, new: Schema, at: str) -> Iterator[str]:
    was, now = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{at}.{name}: is gone" for name in sorted(was.keys() - now.keys()))
    yield from (f"{at}.{name}: became required" for name in sorted(needs - needed))
    yield from (f"{at}.{name}: became optional" for name in sorted((needed - needs) & now.keys()))
    if old.get("additionalProperties") is False:
        yield from (
            f"{at}.{name}: is new, and released readers take no more" for name in sorted(now.keys() - was.keys())
        )


def words(old: Schema, new: Schema, at: str) -> Iterator[str]:
    """A closed set keeps its words: old bytes may hold any of them, old readers know no other. An open set may gain."""
    was, now = closed(old), closed(new)
    if (was is None) != (now is None) or ("x-known-values" in old) != ("x-known-values" in new):
        yield f"{at}: was closed and is open, or was open and is closed"
        return
    before, after = was or old.get("x-known-values", []), now or new.get("x-known-values", [])
    yield from (f"{at}: lost the value {word!r}" for word in before if word not in after)
    if was is not None:
        yield from (f"{at}: gained the value {word!r}, and is closed" for word in after if word not in before)


def closed(schema: Schema) -> list[Any] | None:
    """The only values that it takes. None: it takes others too."""
    return [schema["const"]] if "const" in schema else schema.get("enum")
