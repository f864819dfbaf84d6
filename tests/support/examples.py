"""The examples of an API's own document, sent to the running program."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]


@dataclass(slots=True)
class Examples:
    """Sends what the document shows, for a route at a time; `left` are the routes with a body that were not asked."""

    client: httpx.AsyncClient
    document: Json
    sent: set[str] = field(default_factory=set)

    async def send(self, route: str, headers: Mapping[str, str], **path: str) -> list[Json]:
        """Each example of the body, in order; what a 2xx answered. Any other answer must be one that is documented."""
        self.sent.add(route)
        method, at = route.split()
        said = self.document["paths"][at][method.lower()]
        shown = {each["name"]: each["example"] for each in said.get("parameters", []) if "example" in each}
        places = {each["name"]: shown.get(each["name"]) for each in said.get("parameters", []) if each["in"] == "path"}
        query = {each["name"]: shown[each["name"]] for each in said.get("parameters", []) if in_query(each, shown)}
        bodies: list[Json | None] = [*self.bodies(said)] or [None]
        made = []
        for body in bodies:
            where = at.format_map(places | path)
            answer = await self.client.request(method, where, params=query, json=body, headers=headers)
            if answer.is_success:
                made.append(answer.json())
            else:
                declared = said["responses"][str(answer.status_code)]["content"]["application/problem+json"]
                assert answer.json()["code"] in declared["examples"], f"{route}: {answer.text}"
                assert answer.status_code != 422, f"{route}: {answer.text}"
        return made

    def bodies(self, said: Json) -> list[Json]:
        if "requestBody" not in said:
            return []
        schema = said["requestBody"]["content"]["application/json"]["schema"]
        return [example for each in self.shapes(schema) for example in each["examples"]]

    def shapes(self, schema: Json) -> Iterator[Json]:
        """A body is one shape, or one of several."""
        for each in schema.get("oneOf", [schema]):
            yield self.document["components"]["schemas"][each["$ref"].rpartition("/")[2]]

    @property
    def left(self) -> set[str]:
        routes = {
            f"{m.upper()} {at}": said for at, methods in self.document["paths"].items() for m, said in methods.items()
        }
        return {route for route, said in routes.items() if "requestBody" in said} - self.sent


def in_query(parameter: Json, shown: Mapping[str, Any]) -> bool:
    return parameter["in"] == "query" and parameter["name"] in shown
