"""The blocks of the READMEs and of `docs/api/` are run as written, one after another, on one fresh city.

What stands in a block marked `sh` is pasted into a shell; a block marked `text` right after it is what that must print,
where `…` stands for anything.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.places import ROOT
from deploy.local.stack import exports
from tests.support.programs import Suite

pytestmark = pytest.mark.servers
ROLES = ["public", "editor", "reviewer", "handler", "office", "it-bureau", "leading-group", "operator"]
DOCUMENTS = ["README.md", "README.zh-CN.md", "docs/api/README.md", *(f"docs/api/{role}.md" for role in ROLES)]
BLOCK = re.compile(r"^```sh\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
DONE = "the block is done"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A shell that somebody pastes into; the variables of one block are there in the next."""

    shell: "subprocess.Popen[str]"

    def paste(self, block: str) -> str:
        """What it prints, errors too. It must end well."""
        assert self.shell.stdin
        assert self.shell.stdout
        self.shell.stdin.write(f"{{\n{block}\n}} < /dev/null\nprintf '\\n{DONE} %s\\n' $?\n")
        self.shell.stdin.flush()
        said = ""
        while not (end := re.search(rf"^{DONE} (\d+)\n", said, re.MULTILINE)):
            line = self.shell.stdout.readline()
            assert line, f"the shell ended:\n{block}\n{said}"
            said += line
        assert end[1] == "0", f"{block}\n{said}"
        return said[: end.start()]


@pytest.fixture(scope="module")
def terminal(city: Suite) -> Iterator[Terminal]:
    """With the lines pasted that `make run` prints."""
    inside = {name: city.inside(name) for name in city.ports}
    with subprocess.Popen(
        ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as shell:
        made = Terminal(shell)
        made.paste("\n".join(f"export {k}={v}" for k, v in exports(city.ports, inside, city.keys, city.home).items()))
        yield made
        assert shell.stdin
        shell.stdin.close()


def as_written(printed: str, expected: str) -> bool:
    """Whether it is that, but for what `…` stands for: some of a line or, alone on one, some lines."""
    lines = (
        ".+" if line.strip() == "…" else "[^\n]*".join(map(re.escape, line.split("…"))) for line in expected.split("\n")
    )
    return re.fullmatch("\n".join(lines), printed, re.DOTALL) is not None


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_says_is_what_happens(document: str, terminal: Terminal) -> None:
    blocks = BLOCK.findall((ROOT / document).read_text("utf-8"))
    printed = [terminal.paste(block) for block, _ in blocks]

    assert blocks
    wrong = [
        f"{block}\nprints\n\n{said}\n\nand not\n\n{expected}"
        for (block, expected), said in zip(blocks, printed, strict=True)
        if expected and not as_written(said.strip("\n"), expected.strip("\n"))
    ]
    assert not wrong, "\n".join(wrong)


def test_each_page_about_a_role_is_run() -> None:
    assert {path.name for path in (ROOT / "docs" / "api").glob("*.md")} == {Path(name).name for name in DOCUMENTS[2:]}


def test_a_wrong_answer_is_seen() -> None:
    assert as_written("state: published\nversion: 7", "state: published\nversion: …")
    assert as_written("names:\n  one\n  two\nstate: draft", "names:\n  …\nstate: draft")
    assert not as_written("state: draft", "state: published")
    assert not as_written("state: published\nmore", "state: published")
    assert not as_written("names:\nstate: draft", "names:\n  …\nstate: draft")
