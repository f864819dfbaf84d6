"""What `make status` says of programs that answer, that lack something, and that are gone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from deploy.local.processes import free_ports
from deploy.status import Seen, look, screen

METRICS = "# TYPE citygate_relay_unsent_facts gauge\ncitygate_relay_unsent_facts 7\n"


@contextmanager
def answering(**said: Any) -> Iterator[int]:
    """An inside port whose /readyz says so."""

    class Inside(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = METRICS if self.path == "/metrics" else json.dumps({"ok": not said["wrong"], **said})
            self.send_response(503 if said["wrong"] and self.path != "/metrics" else 200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    [port] = free_ports(1)
    server = HTTPServer(("127.0.0.1", port), Inside)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_program_that_stands_shows_its_numbers_and_nothing_is_wrong() -> None:
    with answering(wrong={}, late={}) as port:
        shown = screen([look("mailbox", port)])

    assert "mailbox     yes               7          0" in shown
    assert shown.endswith("Nothing is wrong.")


def test_what_a_program_lacks_is_said_in_its_words_with_the_chapter_to_read() -> None:
    with answering(wrong={"mongodb": "does not answer: TimeoutError"}, late={"kafka": "does not answer"}) as port:
        seen = look("scoring", port)

    assert list(seen.troubles) == [
        "scoring: mongodb does not answer: TimeoutError. See docs/runbook.md#mongodbaway.",
        "scoring: kafka does not answer. See docs/runbook.md#kafkaaway.",
    ]


def test_a_program_that_is_gone_is_named_with_what_to_read() -> None:
    gone = [look("gateway", free_ports(1)[0]), Seen("columns", answers=False)]

    assert screen(gone).splitlines()[-2:] == [
        "- gateway does not answer. See docs/runbook.md#portalunreadable.",
        "- columns does not answer. See docs/runbook.md#servicedown.",
    ]
