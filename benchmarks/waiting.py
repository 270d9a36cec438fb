"""A pytest plugin that adds up the time a process blocks on sockets; for overhead.py."""

from __future__ import annotations

import json
import os
import resource
import socket
import time
from pathlib import Path

_waited = 0.0


def _timing(original):  # noqa: ANN001, ANN202 - wraps methods of any signature
    def timed(*arguments, **options):  # noqa: ANN002, ANN003, ANN202 - as above
        global _waited  # noqa: PLW0603 - one process, one sum
        started = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            _waited += time.perf_counter() - started

    return timed


for _name in ("connect", "recv_into", "recv", "sendall", "send"):
    setattr(socket.socket, _name, _timing(getattr(socket.socket, _name)))


def pytest_unconfigure() -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(os.environ["WAITING_RECORD"]).write_text(json.dumps({"waited": _waited, "memory": peak}), encoding="utf-8")
