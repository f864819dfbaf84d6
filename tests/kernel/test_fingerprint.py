"""A program's fingerprint: the same wherever the same code runs, another for every change of what decides."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.places import ROOT
from services.kernel.contracts.columns import ColumnOpened, DepartmentRegistered
from services.kernel.domain.decision import Copied
from services.kernel.stream.consumer import Copy
from services.kernel.stream.generation import fingerprint
from tests.kernel.versions import NAMES, PHONES, Code, noting

SAY = (
    "from importlib import import_module as i; from services.kernel.stream.generation import fingerprint; "
    "names = 'services.mailbox.consumers services.publishing.consumers gateway.projections'.split(); "
)
FORWARDS, BACKWARDS = "order = names; ", "order = names[::-1]; "
PRINT = "[i(n) for n in order]; print(*(fingerprint(i(n).HEARING) for n in names))"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return Known(", "return  Known(  "),
        ("names=(", "# every name\n        names=("),
        ('    """A department."""\n', '    """One of the city\'s departments."""\n'),
        ('    """A department."""\n\n', ""),
        ('KIND: ClassVar[str] = "department"', "KIND: ClassVar[str] = 'department'"),
    ],
)
def test_what_only_people_read_changes_nothing(code: Code, before: str, after: str) -> None:
    assert before in NAMES
    assert fingerprint(code.hearing(NAMES.replace(before, after))) == fingerprint(code.hearing(NAMES))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("event.name)", "event.name.strip())"),
        ("names: tuple[str, ...]", "names: tuple[str, ...]\n    phone: str = ''"),
        ("copy = Copy(Known)", "copy = Copy(Known)\nMOST = 5"),
        ("@copy.on(DepartmentRegistered, DepartmentChanged)", "@copy.on(DepartmentRegistered)"),
        ('"department"\n', '"department"\n    OTHER: ClassVar[str] = "a string that is no docstring"\n'),
    ],
)
def test_every_change_of_the_code_is_seen(code: Code, before: str, after: str) -> None:
    assert before in NAMES
    assert fingerprint(code.hearing(NAMES.replace(before, after))) != fingerprint(code.hearing(NAMES))


@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_so_is_one_in_the_modules_of_what_shapes_counts_touches_and_fetches(code: Code, which: int) -> None:
    beside = "def counted(*_): return ()\n"

    def made(changed: int | None) -> str:
        sources = [source + "\nMORE = 1" * (n == changed) for n, source in enumerate([PHONES, beside, beside, beside])]
        base, tally, touched, fetch = map(code.module, sources)
        shape = type("Of", (base.Known,), {"__module__": __name__})
        copy: Copy[Copied] = Copy(shape, tally=tally.counted, touched=touched.counted)
        copy.on(DepartmentRegistered, fetch=fetch.counted)(no_fold)
        return copy.fingerprint

    assert made(which) != made(None)
    assert made(None) == made(None)


def no_fold(state: Copied | None, _: DepartmentRegistered) -> Copied | None:
    return state


def test_a_handler_a_kind_or_a_service_more_is_another_version_and_a_reordered_effect_is_not(code: Code) -> None:
    names, noted = code.copy(NAMES), noting("noted", DepartmentRegistered)
    known = [
        code.hearing(names),
        code.hearing(names, noted),
        code.hearing(names, noting("noted", DepartmentRegistered, ColumnOpened)),
        code.hearing(names, noted, noting("other")),
        code.hearing(names, PHONES),
        code.hearing(names, sources=("columns", "mailbox")),
    ]

    assert len({fingerprint(hearing) for hearing in known}) == len(known)
    assert fingerprint(code.hearing(noting("other"), noted, names)) == fingerprint(known[3])


def test_it_is_the_same_in_every_process_folder_and_order_of_imports(tmp_path: Path) -> None:
    for tree in ("services", "gateway"):
        shutil.copytree(ROOT / tree, tmp_path / tree, ignore=shutil.ignore_patterns("__pycache__"))

    said = [
        printed(ROOT, FORWARDS, seed="1"),
        printed(ROOT, BACKWARDS, seed="2"),
        printed(tmp_path, FORWARDS, seed="3"),
    ]

    assert len(said[0].split()) == 3
    assert said[0] == said[1] == said[2]


def printed(root: Path, order: str, *, seed: str) -> str:
    env = os.environ | {"PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", SAY + order + PRINT], cwd=root, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
