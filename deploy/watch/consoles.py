"""The dashboards as Prometheus console templates: values by its template language, lines by one small script."""

import re
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path

from deploy.watch.panels import Dashboard, Panel, Query, Unit

WRITTEN = {
    Unit.SECONDS: "humanizeDuration", Unit.BYTES: "humanize1024", Unit.RATIO: "humanizePercentage",
    Unit.PER_SECOND: "humanize", Unit.COUNT: 'printf "%.0f"',
}  # fmt: skip
AFTER = {Unit.BYTES: "B", Unit.PER_SECOND: " /s"}
CURRENT = ' aria-current="page"'
LABEL = re.compile(r"\{(\w+)\}")
ASSETS = ("watch.css", "watch.js")


def write(dashboards: Iterable[Dashboard], consoles: Path, assets: Path) -> None:
    """A template for each, and what they show themselves with."""
    every = list(dashboards)
    consoles.mkdir(parents=True, exist_ok=True)
    assets.mkdir(parents=True, exist_ok=True)
    for each in every:
        (consoles / f"{each.name}.html").write_text(console(each, every), "utf-8")
    for name in ASSETS:
        (assets / name).write_bytes((files(__package__) / "assets" / name).read_bytes())


def console(shown: Dashboard, every: Iterable[Dashboard]) -> str:
    links = "".join(
        f'<li><a href="{each.name}.html"{CURRENT if each is shown else ""}>{escape(each.title)}</a></li>'
        for each in every
    )
    panels = "\n".join(section(panel, f"p{n}") for n, panel in enumerate(shown.panels))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(shown.title)} - Citygate</title>
<link rel="stylesheet" href="../user/watch.css">
<script src="../user/watch.js" defer></script>
</head>
<body>
<header><nav aria-label="Dashboards"><ul>{links}</ul></nav>
<ul class="alarms">{ALARMS}</ul></header>
<main>
<h1>{escape(shown.title)}<small>{escape(shown.about)}</small></h1>
<div class="panels">
{panels}
</div>
</main>
</body>
</html>
"""


ALARMS = (
    '{{ range query "ALERTS{alertstate=\\"firing\\"}" }}'
    '<li class="red"><a href="../alerts">{{ .Labels.alertname }}</a> {{ .Labels.job }}</li>'
    '{{ else }}<li class="fine">Nothing is wrong.</li>{{ end }}'
)


def section(panel: Panel, id: str) -> str:
    limits = "".join(
        f' data-{name}="{value:g}"' for name, value in (("amber", panel.amber), ("red", panel.red)) if value is not None
    )
    queries = "".join(
        f'<data value="{escape(query.expr)}" data-legend="{escape(query.legend)}"></data>' for query in panel.queries
    )
    now = "".join(values(query, panel) for query in panel.queries)
    return f"""<section class="panel" aria-labelledby="{id}">
<h2 id="{id}">{escape(panel.question)}</h2>
<ul class="now">{now}</ul>
<figure data-unit="{panel.unit}"{limits}>{queries}</figure>
<p class="do">{escape(panel.do)}</p>
</section>"""


def values(query: Query, panel: Panel) -> str:
    """Its series as they are now, worst first, by Prometheus' own template language."""
    order = "sort" if panel.falling else "sort_desc"
    expr = f"{order}({query.expr})".replace("\\", "\\\\").replace('"', '\\"')
    legend = LABEL.sub(lambda label: f"{{{{ .Labels.{label[1]} }}}}", escape(query.legend))
    value = f"<b>{{{{ .Value | {WRITTEN[panel.unit]} }}}}{AFTER.get(panel.unit, '')}</b> {legend}"
    return (
        f'{{{{ range query "{expr}" }}}}{{{{ if eq .Value .Value }}}}<li class="{mark(panel)}">{value}</li>'
        f"{{{{ else }}}}<li>{legend}: nothing yet</li>{{{{ end }}}}"  # not a number: nothing was measured
        f"{{{{ else }}}}<li>{escape(LABEL.sub('', query.legend).strip(' :')) or 'all'}: none</li>{{{{ end }}}}"
    )


def mark(panel: Panel) -> str:
    """`red`, `amber` or `fine`, decided when the page is shown."""
    beyond = "lt" if panel.falling else "ge"
    if panel.amber is None or panel.red is None:
        return "fine"
    return (
        f"{{{{ if {beyond} .Value {panel.red:f} }}}}red{{{{ else if {beyond} .Value {panel.amber:f} }}}}amber"
        "{{ else }}fine{{ end }}"
    )
