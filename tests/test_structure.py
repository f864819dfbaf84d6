"""The folders are what the import contracts say they are, and the kernel is as small as it was meant to be."""

import re
import tomllib
from pathlib import Path
from tokenize import COMMENT, DEDENT, ENCODING, ENDMARKER, INDENT, NEWLINE, NL, STRING, tokenize

import pytest

ROOT = Path(__file__).parents[1]
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
}
SERVICES = sorted(
    p.name for p in (ROOT / "services").iterdir() if p.is_dir() and p.name not in ("kernel", "__pycache__")
)
ROOMS = {"__main__", "city", "api", "consumers", "timers", "actions", "store", "domain"}
ALSO = {"__init__", "settings"}
DOCUMENTS = [ROOT / "README.md", ROOT / "gateway" / "README.md", *sorted(ROOT.glob("services/*/README.md"))]
KERNEL_BUDGET = 5_700  # lines of code, contracts apart (decisions 0021 and 0031)


def rooms_of(service: str) -> set[str]:
    folder = ROOT / "services" / service
    return {p.stem for p in folder.iterdir() if p.suffix == ".py" or (p.is_dir() and (p / "__init__.py").exists())}


def test_every_service_stands_in_the_contracts() -> None:
    modules = {f"services.{name}" for name in SERVICES}

    assert set(CONTRACTS["rooms"]["containers"]) == modules
    assert set(CONTRACTS["apart"]["modules"]) == modules | {"gateway"}
    assert set(CONTRACTS["kernel"]["forbidden_modules"]) == modules | {"gateway"}
    for room in ("domain", "actions"):
        assert {f"{module}.{room}" for module in modules} <= set(CONTRACTS["pure"]["source_modules"])


def test_every_service_has_the_same_rooms_and_no_others() -> None:
    layers = {word.strip(" ()") for layer in CONTRACTS["rooms"]["layers"] for word in layer.split("|")}

    assert layers == ROOMS
    for service in SERVICES:
        assert rooms_of(service) <= ROOMS | ALSO, service
        assert {"__main__", "domain", "actions", "store", "api", "city"} <= rooms_of(service), service


def test_the_kernel_has_the_floors_of_its_contract_and_no_others() -> None:
    floors = {word.strip(" ()") for layer in CONTRACTS["floors"]["layers"] for word in layer.split("|")}

    assert rooms_of("kernel") - {"__init__"} == floors


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_and_folders_that_a_readme_lists_are_there(document: Path) -> None:
    cells = re.findall(r"^\|([^|]+)\|", document.read_text("utf-8"), re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`([\w/.-]+(?:/|\.py|\.json))`", cell)]

    assert named
    assert [name for name in named if not (document.parent / name).exists()] == []


def test_the_kernel_stays_within_its_budget() -> None:
    kernel = ROOT / "services" / "kernel"
    apart = {kernel / "domain" / "refusals.py", kernel / "http" / "sentences.py"}  # what people are told
    counted = [
        path for path in kernel.rglob("*.py") if "contracts" not in path.relative_to(kernel).parts and path not in apart
    ]

    assert sum(map(lines_of_code, counted)) <= KERNEL_BUDGET


def lines_of_code(path: Path) -> int:
    """Lines with code on them: no blank ones, no comments, no docstrings."""
    lines: set[int] = set()
    begins = True
    with path.open("rb") as file:
        for token in tokenize(file.readline):
            if token.type in {NEWLINE, INDENT, DEDENT, ENCODING}:
                begins = True
            elif token.type not in {NL, COMMENT, ENDMARKER}:
                if not (begins and token.type == STRING):
                    lines.update(range(token.start[0], token.end[0] + 1))
                begins = False
    return len(lines)
