import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from services.kernel import telemetry
from services.kernel.telemetry import Waits, bind, configure, exposition, log
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_json_with_service_level_event_and_a_utc_time_in_milliseconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("mailbox", "json")
    log.info("action", action="accept_letter", outcome="ok", name="张")

    (line,) = lines(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line == {
        "service": "mailbox",
        "level": "info",
        "event": "action",
        "action": "accept_letter",
        "outcome": "ok",
        "name": "张",
    }


def test_without_a_terminal_auto_means_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "auto")
    log.info("started")

    assert lines(capsys)[0]["event"] == "started"


def test_pretty_lines_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "pretty")
    log.info("started", port=8003)

    said = capsys.readouterr().out
    assert "started" in said
    assert "8003" in said
    with pytest.raises(json.JSONDecodeError):
        json.loads(said)


def test_chinese_can_be_searched_for_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "json")
    log.info("started", name="信箱")

    assert "信箱" in capsys.readouterr().out


def test_debug_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "json")
    log.debug("looked")

    assert lines(capsys) == []


def test_a_value_that_json_does_not_know_does_not_lose_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "json")
    log.info("odd", value=frozenset({1}), raw=b"\xff")

    assert lines(capsys)[0]["event"] == "odd"


def test_bound_ids_are_on_every_line_inside_and_on_none_after(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "json")
    with bind(request="r1"):
        with bind(letter="l1"):
            log.info("inner")
            logging.getLogger("aiokafka").warning("from a library")
        log.info("outer")
    log.info("after")

    assert [(line.get("request"), line.get("letter")) for line in lines(capsys)] == [
        ("r1", "l1"),
        ("r1", "l1"),
        ("r1", None),
        (None, None),
    ]


def test_requests_served_at_once_do_not_see_each_other_s_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "json")

    async def request(n: int) -> None:
        with bind(request=n):
            await asyncio.sleep(0)
            log.info("served", n=n)

    async def both() -> None:
        await asyncio.gather(*(request(n) for n in range(5)))

    asyncio.run(both())

    assert [line["request"] == line["n"] for line in lines(capsys)] == [True] * 5


@pytest.mark.parametrize("how", ["json", "pretty"])
def test_an_exception_is_told_with_its_trace_but_without_local_variables(
    how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("mailbox", how)
    try:
        identity = "".join(["11010519491231", "002X"])
        raise LookupError("no such letter", len(identity))
    except LookupError:
        log.exception("failed")
        logging.getLogger("asyncio").exception("failed elsewhere")

    said = capsys.readouterr().out
    assert said.count("LookupError") >= 2
    assert "no such letter" in said
    assert "test_telemetry.py" in said
    assert "11010519491231002X" not in said


def test_an_exception_in_json_is_structured_and_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "json")
    log.error("sweep.set_aside", exc_info=ValueError("broken"))

    (line,) = lines(capsys)
    assert (line["exception"][0]["exc_type"], line["exception"][0]["exc_value"]) == ("ValueError", "broken")


def test_libraries_speak_in_the_same_shape_and_only_when_something_is_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler())
    configure("mailbox", "json")
    for name in ("aiokafka", "pymongo", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).info("all is %s", "well")
        logging.getLogger(name).warning("not %s", "well")

    said = capsys.readouterr()
    found = [json.loads(line) for line in said.out.splitlines()]
    assert [(line["logger"], line["level"], line["event"]) for line in found] == [
        ("aiokafka", "warning", "not well"),
        ("pymongo", "warning", "not well"),
        ("uvicorn.access", "warning", "not well"),
        ("uvicorn.error", "info", "all is well"),
        ("uvicorn.error", "warning", "not well"),
    ]
    assert {line["service"] for line in found} == {"mailbox"}
    assert said.err == ""


def test_configuring_again_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure("mailbox", "json")
    configure("mailbox", "json")
    log.info("once")
    logging.getLogger("aiokafka").warning("once")

    assert len(lines(capsys)) == 2


def test_the_exposition_is_what_prometheus_reads() -> None:
    telemetry.ACTIONS.labels(action="accept_letter", outcome="ok").inc()
    telemetry.UNSENT.set(2)
    body, media_type = exposition()

    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert media_type.startswith("text/plain")
    assert any(s.labels["action"] == "accept_letter" for s in families["citygate_actions"].samples)
    assert families["citygate_relay_unsent_facts"].samples[0].value == 2
    assert not [name for name in families if name.endswith("_created")]


def test_metric_names_follow_the_conventions_and_labels_name_no_ids() -> None:
    families = list(text_string_to_metric_families(exposition()[0].decode()))
    gateways = "citygate_gateway_"  # the gateway's own, when it was imported before
    ours = {f.name: f for f in families if f.name.startswith("citygate_") and not f.name.startswith(gateways)}

    assert set(ours) == {
        "citygate_actions",
        "citygate_clock_difference_seconds",
        "citygate_facts",
        "citygate_http_connections_cut",
        "citygate_request_seconds",
        "citygate_relay_unsent_facts",
        "citygate_scoring_evidence_behind_facts",
        "citygate_mailbox_provisional_letters",
        "citygate_relay_lag_seconds",
        "citygate_relay_sent",
        "citygate_relay_set_apart",
        "citygate_consumer_lag_messages",
        "citygate_consumer_messages",
        "citygate_consumer_waiting_messages",
        "citygate_consumer_waiting_seconds",
        "citygate_dead_letters",
        "citygate_swept",
        "citygate_sweep_seconds",
        "citygate_measured_age_seconds",
        "citygate_part_failures",
        "citygate_part_waits",
        "citygate_task_progress_ratio",
        "citygate_tasks_running",
    }
    labels = {label for family in ours.values() for sample in family.samples for label in sample.labels}
    assert labels <= {
        "action", "error", "le", "method", "outcome", "part", "partition", "route", "status", "sweep", "topic", "type",
        "what", "why", "work",
    }  # fmt: skip


def waited(part: str, error: str) -> float | None:
    return REGISTRY.get_sample_value("citygate_part_waits_total", {"part": part, "error": error})


def test_what_is_tried_in_vain_is_counted_each_time_and_logged_when_it_begins_and_when_it_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("mailbox", "json")
    waits = Waits("sender", TimeoutError, OSError)
    assert (waited("sender", "TimeoutError"), waited("sender", "OSError")) == (0, 0)

    for _ in range(20):
        waits.again(ConnectionRefusedError("nobody there"))
    waits.again(TimeoutError("no answer"))
    waits.again(ConnectionRefusedError("nobody there"))
    assert waits.since is not None
    waits.over()
    waits.over()

    assert (waited("sender", "TimeoutError"), waited("sender", "OSError")) == (1, 21)
    assert waits.since is None
    assert [(line["event"], line.get("error"), line.get("times")) for line in lines(capsys)] == [
        ("part.waits", "ConnectionRefusedError: nobody there", None),
        ("part.waits", "TimeoutError: no answer", None),
        ("part.goes_on", "ConnectionRefusedError: nobody there", 22),
    ]


async def test_what_a_library_repeats_is_one_line_when_it_begins_and_one_when_it_has_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "LULL", 0.1)
    configure("mailbox", "json")
    for _ in range(300):
        logging.getLogger("aiokafka.here").error("Unable to connect to %s", "127.0.0.1")
    logging.getLogger("aiokafka.here.consumer").error("Heartbeat failed")

    said: list[dict[str, Any]] = []

    def ended() -> bool:  # what other tests left behind may speak as well
        said.extend(line for line in lines(capsys) if line.get("logger", "").startswith("aiokafka.here"))
        return any(line["event"] == "library.repeated" for line in said)

    await eventually(ended)
    assert [(line["event"], line.get("times")) for line in said] == [
        ("Unable to connect to 127.0.0.1", None),
        ("Heartbeat failed", None),
        ("library.repeated", 300),
    ]
