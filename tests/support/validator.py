"""The Nu HTML validator (vnu), which also reads CSS: all files in one start of Java, as that takes longest."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local.jars import VALIDATOR

OPTIONS = ("-Xss8m", "-XX:TieredStopAtLevel=1")  # its schemas recurse deeply
CHECK = ("nu.validator.client.SimpleCommandLineValidator", "--also-check-css", "--format", "json", "--stdout")

YOUNGER = "::details-content"  # CSS Pseudo-Elements 4, which the validator does not know yet


def complaints(pages: Mapping[str, str], folder: Path) -> list[str]:
    """Errors and warnings about pages, and stylesheets where the name ends in .css; each begins with the name."""
    VALIDATOR.fetch()
    files = {f"{n}.{'css' if name.endswith('.css') else 'html'}": name for n, name in enumerate(pages)}
    for file, name in files.items():
        (folder / file).write_text(pages[name], "utf-8")
    command = [*VALIDATOR.java(*OPTIONS), *CHECK, *(str(folder / file) for file in files)]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)["messages"]
    wrong = [each for each in said if each["type"] != "info" or each.get("subType") == "warning"]
    found = [each for each in wrong if YOUNGER not in each["message"]]
    return [f"{files[Path(m['url']).name]}: {m['message']}: {m.get('extract', '').strip()}" for m in found]
