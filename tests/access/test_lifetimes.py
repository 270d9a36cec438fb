"""Tokens that live five seconds: a full run passes, each worker renews its own, and a 401 has one more chance."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from test_credentials import CLIENT, SECRET, verified

from conformance import callers as calling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protected import Protected

    from conformance.callers import Callers
    from conftest import Ended


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_run_with_tokens_that_live_five_seconds(
    server: Protected, write: Callable[..., Path], command: Callable[..., Ended], workers: str
) -> None:
    server.add("suite", SECRET)
    server.lives = 5
    # the endpoint gives no token that has expired, and no bound one; the reference server's own stand in
    target = write(server.base_url, *CLIENT, "[http]", "rate = 80", *_given(server))

    began = time.monotonic()
    ended = command("run", "--pack", "r4", "--target", str(target), "--workers", workers, SECRET=SECRET)
    took = time.monotonic() - began

    assert ended.code == 0, ended.output
    assert took > 2 * server.lives, "the run was too short to show anything"
    renewals = len(server.issued) - 1 - int(workers)
    assert renewals >= int(workers), f"{len(server.issued)} tokens in {took:.0f} s"
    assert not [token for token in (SECRET, *server.issued) if token in ended.left + ended.output]


def _given(server: Protected) -> list[str]:
    given = server.reference.target["given"]
    lines = [f"{key} = {value}" for key, value in given.items() if isinstance(value, list)]
    return ["[given]", *lines]


def test_a_token_is_renewed_before_it_lapses(
    server: Protected, asking: Callable[..., Callers], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("suite", SECRET)
    server.lives = 100
    clock = [1000.0]
    monkeypatch.setattr(calling.time, "monotonic", lambda: clock[0])
    own = asking(server, *CLIENT, SECRET=SECRET).own

    for passed, tokens in ((0, 1), (79, 1), (81, 2), (100, 2), (170, 3)):
        clock[0] = 1000.0 + passed
        own.line()
        assert len(server.issued) == tokens, passed


def test_a_token_without_an_end_is_renewed_after_a_401(
    server: Protected, write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    """Nobody says how long it lives: a request that is refused is made once more with another one."""
    server.add("suite", SECRET)
    server.lives, server.said = 3, {"expires_in": None}
    target = write(server.base_url, *CLIENT, "[http]", "rate = 6", *_given(server))

    ended = command("run", "--pack", "r4", "--target", str(target), "--only", "r4.read", SECRET=SECRET)

    verified(ended)
    assert ended.report is not None
    assert not [row for row in ended.report["requirements"] if row["verdict"] not in _QUIET]
    assert any(one["status"] == 401 for one in ended.report["exchanges"].values())
    assert len(server.issued) > 2


_QUIET = {"pass", "not-run", "not-applicable", "not-tested"}


def test_a_client_that_is_shut_out_does_not_ask_for_tokens_without_end(
    server: Protected, asking: Callable[..., Callers]
) -> None:
    server.add("suite", SECRET)
    own = asking(server, *CLIENT, SECRET=SECRET).own
    own.line()

    assert not own.renew(), "a token that is younger than a second is not what a 401 is about"


def test_an_endpoint_that_is_busy_is_asked_again(server: Protected, asking: Callable[..., Callers]) -> None:
    server.add("suite", SECRET)
    busy = [503, 429]
    server.refuses = busy

    asking(server, *CLIENT, SECRET=SECRET).own.line()

    assert [path for path, _, _ in server.requests].count("/token") == 3
