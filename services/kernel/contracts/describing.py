"""What APIs and events say of themselves: a type carries its description and examples, a document shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from services.kernel.domain.person import Rights

Document = dict[str, Any]
T = TypeVar("T")
UNSAID = "Successful Response"  # what FastAPI says of an answer that nobody described


class Described(BaseModel):
    """A shape in which what stands below a field says what it means."""

    model_config = ConfigDict(use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a type means, wherever it stands. A field's own docstring says more, and goes before."""

    said: str
    examples: tuple[Any, ...]

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = {**handler(schema), "description": self.said}
        return {**made, "examples": list(self.examples)} if self.examples else made


def means(said: str, *examples: Any) -> Meaning:
    """Examples are of the demonstration city."""
    return Meaning(said, examples)


def example(**fields: Any) -> ConfigDict:
    """The config of a body that shows how it is filled, for the demonstration city."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Unchecked:
    """Keeps what a type of text means, and takes any text."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(metadata=handler(source).get("metadata"))


Told = Annotated[T, Unchecked]
"""A text that was checked when it came in, by the rules of that day: whoever reads it takes it as it is."""


def described(document: Document, rights: Rights = MappingProxyType({})) -> Document:
    """An OpenAPI document or JSON schema in which what a type says of itself stands wherever the type is used.

    Each route says which roles may call it.
    """
    for schema in schemas(document):
        for field in schema.get("properties", {}).values():
            describe(field, document)
    for route, operation in operations(document):
        if route in rights and "x-roles" not in operation:
            operation["x-roles"] = sorted(rights[route])
            who = ", ".join(f"`{role}`" for role in operation["x-roles"])
            operation["description"] = f"{operation.get('description', '')}\n\nFor: {who}.".strip()
        for parameter in operation.get("parameters", []):
            describe(parameter["schema"], document)
            parameter.setdefault("description", parameter["schema"].pop("description", ""))
            if shown := parameter["schema"].get("examples"):
                parameter["example"] = shown[0]
        for answer in operation["responses"].values():
            if answer["description"] == UNSAID and (said := said_of_all(answer.get("content", {}), document)):
                answer["description"] = said
    return document


def describe(field: Document, document: Document) -> None:
    """What a branch for a value says moves up to the field; what a reference says is said here too, in brief."""
    values = [branch for branch in field.get("anyOf", []) if branch.get("type") != "null"]
    if len(values) == 1 and "$ref" not in values[0]:
        for word in ("description", "examples"):
            if word in values[0]:
                field.setdefault(word, values[0].pop(word))
    if "description" not in field and (said := said_by(field, document)):
        field["description"] = said


def said_of_all(content: Document, document: Document) -> str:
    return next((said for each in content.values() if (said := said_by(each.get("schema", {}), document))), "")


def said_by(schema: Document, document: Document) -> str:
    """The first paragraph of what a schema, or what it refers to, says of itself."""
    said = schema.get("description")
    if isinstance(said, str):
        return said.partition("\n\n")[0]
    if "$ref" in schema:
        return said_by(referred(schema["$ref"], document), document)
    inner = [each for word in ("anyOf", "oneOf", "allOf") for each in schema.get(word, [])]
    inner += [schema["items"]] if "items" in schema else []
    return next((said for each in inner if (said := said_by(each, document))), "")


def referred(reference: str, document: Document) -> Document:
    found = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def schemas(document: Document) -> Iterator[Document]:
    """The document itself, and all that it defines."""
    yield document
    yield from document.get("$defs", {}).values()
    yield from document.get("components", {}).get("schemas", {}).values()


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """By `METHOD /path`."""
    for path, methods in document.get("paths", {}).items():
        yield from ((f"{method.upper()} {path}", said) for method, said in methods.items())
