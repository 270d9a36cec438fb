"""A connection that the server has kept open may be closed under the next request: that is nobody's mistake."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from conformance import target
from conformance.model import Unreachable
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
POISON = "/fhir/Consent/poison"


class Listener:
    """Answers the first request on each connection and hangs up on reading the next; on /poison it always hangs up."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.seen: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            for number in range(2):
                line = connection.recv(65_536).decode().partition("\r\n")[0].rpartition(" ")[0]
                self.seen.append(line)
                if number or POISON in line:
                    return
                connection.sendall(ANSWER)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def wire(listener: Listener) -> Iterator[Wire]:
    wire = Wire(target.from_dict({"base_url": f"{listener.base_url}/fhir"}, where="a test", environ={}))
    yield wire
    wire.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_met_a_closed_connection_is_sent_again(listener: Listener, wire: Wire, method: str) -> None:
    address = f"{listener.base_url}/fhir/Consent"
    assert [wire.send(method, address, ()).status for _ in range(3)] == [200, 200, 200]
    assert listener.seen == [f"{method} /fhir/Consent"] * 5  # the second and the third met a closed connection


def test_a_connection_of_its_own_is_not_tried_twice(listener: Listener, wire: Wire) -> None:
    with pytest.raises(Unreachable, match="broke the connection off"):
        wire.send("POST", listener.base_url + POISON, ())
    assert listener.seen == [f"POST {POISON}"]


def test_who_hangs_up_again_is_unreachable(listener: Listener, wire: Wire) -> None:
    wire.send("GET", f"{listener.base_url}/fhir/Consent", ())
    with pytest.raises(Unreachable, match="broke the connection off"):
        wire.send("POST", listener.base_url + POISON, ())
    assert listener.seen == ["GET /fhir/Consent", f"POST {POISON}", f"POST {POISON}"]
