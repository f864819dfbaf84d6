"""What one connection, and all of them, can make a program hold: time, headers, requests in line, connections.

It relies on the inside of uvicorn's httptools protocol, which bounds none of these.
"""

from asyncio import TimerHandle, Transport
from typing import ClassVar

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from services.kernel.telemetry import LULL, log

HEAD_BYTES = 32_768  # of a request's address and headers
HEAD_SECONDS = 20.0  # for the address and headers, from the connection's begin or the first of their bytes
REST_SECONDS = 5.0  # for what is left of a body that was answered already, and for the last bytes of an answer
UNREAD_SECONDS = 20.0  # for a full buffer to be read
IN_LINE = 64  # requests that wait on one connection for the answer to another
CUT = Counter("citygate_http_connections_cut_total", "Connections that were ended for what they held up.", ["why"])
SILENT, SLOW, UNREAD, LARGE, MANY, CROWDED = "silent", "slow", "unread", "large_head", "many_in_line", "crowded"
for why in (SILENT, SLOW, UNREAD, LARGE, MANY, CROWDED):
    CUT.labels(why=why)


class Bounded(HttpToolsProtocol):
    """Cuts what is silent, slow, never read or too large.

    Whoever is over the number of connections takes the place of an idle one; if none is, they are told to come back.
    """

    most: ClassVar[int] = 1_000

    _chunk = 0  # bytes that are being parsed
    _first = _head = 0  # bytes of the chunk in which a head began that is not complete yet, and of those since
    _in_head = _refused = _resting = False
    _messages = 0
    _said = -LULL  # when it was last said that all connections are open
    _timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        crowded = len(self.connections) >= self.most and not self._one_makes_place()
        super().connection_made(transport)
        if crowded:
            return self._refuse(503, CROWDED, b"retry-after: 5\r\n")
        self._wait(HEAD_SECONDS, SILENT)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        before, self._chunk = self._messages, len(data)
        super().data_received(data)
        if self._in_head and not self._refused:
            if self._messages == before:
                self._head += len(data)
            else:
                self._first = len(data)
            if self._head > HEAD_BYTES:
                self._refuse(431, LARGE)
            elif self._timer is None:
                self._wait(HEAD_SECONDS, SLOW)
        elif self._timer is not None and not self._resting and not self.flow.write_paused:
            self._stop_waiting()

    def on_message_begin(self) -> None:
        self._messages += 1
        self._in_head, self._first, self._head = True, 0, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._refused:
            return
        if self._first + self._head + self._chunk > HEAD_BYTES and self._size() > HEAD_BYTES:
            return self._refuse(431, LARGE)
        if len(self.pipeline) >= IN_LINE:
            return self._end_after_those_in_line()
        self.on_head()

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def on_head(self) -> None:
        """A whole head within the bounds."""
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._refused:
            return
        if self._resting:
            self._resting = False
            self._stop_waiting()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.loop.call_later(UNREAD_SECONDS, self.transport.abort)
        if not self.pipeline and self._last and self._last.response_complete and self._last.more_body:
            self._resting = True
            self._wait(REST_SECONDS, SLOW)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(UNREAD_SECONDS, UNREAD)

    def resume_writing(self) -> None:
        if not self._resting:
            self._stop_waiting()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Idle for long enough. What is not read by now is not waited for."""
        self._close()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way on it, and all of its last answer is on its way."""
        answered = self._last is None or self._last.response_complete
        return answered and not self.pipeline and not self.transport.get_write_buffer_size()

    @property
    def _last(self) -> RequestResponseCycle | None:
        """What is, or was last, under way on it."""
        return self.cycle

    def _one_makes_place(self) -> bool:
        if self.loop.time() - Bounded._said > LULL:
            log.warning("connections.crowded", most=self.most, setting="CITYGATE_CONNECTIONS")
        Bounded._said = self.loop.time()
        other = next((each for each in self.connections if isinstance(each, Bounded) and each.idle), None)
        if other is not None:
            CUT.labels(why=CROWDED).inc()
            self.connections.discard(other)
            other.transport.abort()
        return other is not None

    def _end_after_those_in_line(self) -> None:
        self._refused = True
        CUT.labels(why=MANY).inc()
        self.pipeline[0][0].keep_alive = False  # the last one in line ends the connection

    def _refuse(self, status: int, why: str, more: bytes = b"") -> None:
        CUT.labels(why=why).inc()
        self._say_goodbye(status, more)

    def _say_goodbye(self, status: int, more: bytes = b"") -> None:
        """What still comes is read and dropped for a while, as closing at once would take the answer with it."""
        self._refused = True
        self._stop_waiting()
        self.transport.write(STATUS_LINE[status] + more + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.write_eof()
        self.loop.call_later(REST_SECONDS, self.transport.abort)

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
        self.loop.call_later(REST_SECONDS, self.transport.abort)

    def _wait(self, seconds: float, why: str) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._cut, why)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cut(self, why: str) -> None:
        self._timer = None
        CUT.labels(why=SLOW if self._in_head else why).inc()
        if self._in_head:
            return self._say_goodbye(408)
        self.transport.abort()
