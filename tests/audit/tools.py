"""The tools: each gives a row for each thing that it looked at."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.local.places import PROGRAMS, ROOT
from tests.audit.node import HOME, run
from tests.support.city import ok
from tests.support.programs import Suite

HOLD = {"accessibility": 95, "seo": 95}  # of 100; what else Lighthouse measures is only told
ASYNCAPI = ROOT / "docs" / "events" / "asyncapi.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What `tool` looked at and found, and whether that will do; `why`: each finding."""

    tool: str
    at: str
    found: str
    holds: bool
    why: Sequence[str] = ()

    @classmethod
    def of(cls, tool: str, at: str, why: Sequence[str]) -> "Row":
        """For tools that may find nothing."""
        return cls(tool=tool, at=at, found=str(len(why) or "nothing"), holds=not why, why=why)


def pages(suite: Suite) -> list[str]:
    """The main kinds of page, as they are in this city."""
    gateway = suite.client("gateway")
    home, months = ok(gateway.get("/api/v1/home")), ok(gateway.get("/api/v1/scores"))["months"]
    item, letter, month = home["news"][0], home["letters"][0], months[0]["month"]
    branch, department = item["column"]["path"].partition("/")[0], item["department"]["code"]
    return [
        "/", f"/columns/{branch}", f"/items/{item['id']}", f"/departments/{department}", "/letters",
        f"/letters/{letter['receipt']}", "/letters/new", f"/scores/{month}", f"/scores/{month}/{department}",
        "/api/docs",
    ]  # fmt: skip


def lighthouse(suite: Suite) -> Iterator[Row]:
    """As on a desk and as on a phone, both at once: it mostly waits."""
    paths = pages(suite)
    with ThreadPoolExecutor() as pool:
        asked = {
            form: pool.submit(run, "node", "lighthouse.mjs", form, suite.address("gateway"), *paths)
            for form in ("desktop", "mobile")
        }
    for form, said in asked.items():
        succeeded, lines = said.result()
        if not succeeded:
            yield Row.of(f"Lighthouse, {form}", "all pages", lines)
            continue
        for page in map(json.loads, lines):
            scores, held = page["scores"], all(page["scores"][name] >= least for name, least in HOLD.items())
            found = ", ".join(f"{name} {score}" for name, score in scores.items())
            yield Row(tool=f"Lighthouse, {form}", at=page["path"], found=found, holds=held, why=page["failed"])


def described(suite: Suite, program: str) -> Path:
    """A file with what it says of itself, in lines that findings can name."""
    document = ok(suite.client(program).get("/api/openapi.json" if program == "gateway" else "/openapi.json"))
    file = HOME / f"{program}.json"
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
    return file


def spectral(suite: Suite) -> Iterator[Row]:
    documents = {program: described(suite, program) for program in PROGRAMS} | {"events": ASYNCAPI}
    lint = ("spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "warn", "--display-only-failures")
    succeeded, lines = run(*lint, "--format", "text", *map(str, documents.values()))
    why = {name: [line for line in lines if line.startswith(f"{file}:")] for name, file in documents.items()}
    if not succeeded and not any(why.values()):
        yield Row.of("Spectral", "all documents", lines)
    else:
        yield from (Row.of("Spectral", name, found) for name, found in why.items())


def asyncapi(_: Suite) -> Iterator[Row]:
    yield Row.of("AsyncAPI", "events", run("node", "asyncapi.mjs", str(ASYNCAPI))[1])


def typescript(suite: Suite) -> Iterator[Row]:
    """A client of the gateway is made, is compiled strictly, and goes its way."""
    document = described(suite, "gateway")
    for step, command in {
        "client made": ("openapi-typescript", str(document), "--output", "gateway.d.ts"),
        "client compiled": ("tsc", "--project", "."),
        "client's journey": ("node", "journey.js", suite.address("gateway")),
    }.items():
        succeeded, lines = run(*command)
        yield Row.of("TypeScript", step, [] if succeeded else lines)
        if not succeeded:
            return


TOOLS = {"lighthouse": lighthouse, "spectral": spectral, "asyncapi": asyncapi, "typescript": typescript}
