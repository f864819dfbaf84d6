"""What dashboards and alerts ask for exists, and says what to do."""

import re
from importlib import import_module

from prometheus_client import REGISTRY

from deploy.local.places import PROGRAMS, ROOT
from deploy.watch.alerts import ALERTS
from deploy.watch.consoles import console
from deploy.watch.dashboards import all_of_them

DASHBOARDS = list(all_of_them())
PANELS = [panel for dashboard in DASHBOARDS for panel in dashboard.panels]
ASKED = [query.expr for panel in PANELS for query in panel.queries] + [alert.expr for alert in ALERTS]
PARTS = ["Citizens", "Look", "Do", "Over"]


def chapters() -> dict[str, str]:
    """Of the runbook, by name."""
    text = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    return {part.partition("\n")[0]: part for part in text.split("\n## ")[1:]}


def test_every_alert_has_a_chapter_that_says_what_is_noticed_what_to_do_and_when_it_is_over() -> None:
    said = chapters()

    assert list(said) == [alert.name for alert in ALERTS]
    for name, chapter in said.items():
        assert re.findall(r"^- \*\*(\w+)\*\*", chapter, re.MULTILINE) == PARTS, name


def test_every_panel_is_a_question_with_something_to_do() -> None:
    assert len({dashboard.name for dashboard in DASHBOARDS}) == len(DASHBOARDS)
    for panel in PANELS:
        assert panel.question.endswith("?"), panel.question
        assert panel.do.endswith("."), panel.question
        assert (panel.amber is None) == (panel.red is None), panel.question


def test_nothing_is_asked_for_that_no_program_measures() -> None:
    for name in PROGRAMS:
        import_module("gateway.program" if name == "gateway" else f"services.{name}.__main__")
    measured = {metric.name for metric in REGISTRY.collect()}

    asked = {name for expr in ASKED for name in re.findall(r"\bcitygate_\w+", expr)}
    assert {name for name in asked if not {name, re.sub(r"_(bucket|count|sum|total)$", "", name)} & measured} == set()


def test_a_console_leads_to_all_others_and_asks_what_its_dashboard_does() -> None:
    shown = DASHBOARDS[0]
    page = console(shown, DASHBOARDS)

    assert re.findall(r'href="(\w+)\.html"', page) == [each.name for each in DASHBOARDS]
    assert page.count('aria-current="page"') == 1
    assert page.count("<figure") == len(shown.panels)
    assert page.count("<data value=") == sum(len(panel.queries) for panel in shown.panels)
