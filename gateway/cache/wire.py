"""The fastest way: a finished page is written to the socket as one piece, before the server builds a request.

All but the simplest requests go the usual way, through `Hot`.
"""

from gateway.cache.shelf import Shelf
from gateway.hosts import Hosts
from services.kernel.http.bounded import Bounded

PLAIN = {b"GET": False, b"HEAD": True}  # whether the body is left out
NOT_PLAIN = {b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"connection"}


class Wire(Bounded):
    """Answers requests without a body on a connection that is kept open, if nothing else is under way on it."""

    shelf: Shelf
    hosts: Hosts
    _answered = False

    def on_head(self) -> None:
        self._answered = self._answer()
        if not self._answered:
            super().on_head()

    def on_message_complete(self) -> None:
        if not self._answered:
            super().on_message_complete()

    def _answer(self) -> bool:
        method = self.parser.get_method()
        idle = getattr(self.cycle, "response_complete", True)  # there is no cycle before the first request
        if method not in PLAIN or not idle or self.pipeline or self.flow.write_paused:
            return False
        page = self.shelf.get(self.url.decode("latin-1"))
        if page is None or self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive():
            return False
        if not self.hosts.are_asked(self.headers):
            return False
        if any(name in NOT_PLAIN and value != b"keep-alive" for name, value in self.headers):
            return False
        form = page.form(self.headers)
        usual = [part for name, value in self.server_state.default_headers for part in (name, b": ", value, b"\r\n")]
        body = b"" if PLAIN[method] else form.body["body"]
        self.transport.write(b"".join((form.line, *usual, form.head, body)))
        self.shelf.hits += 1
        self.on_response_complete()
        return True


def wire(shelf: Shelf, hosts: Hosts) -> type[Wire]:
    """The protocol for the server that answers from this shelf."""
    return type("WireOverShelf", (Wire,), {"shelf": shelf, "hosts": hosts})
