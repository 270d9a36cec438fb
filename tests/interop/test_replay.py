"""Evidence against a server of a few lines that answers the same to everything."""

from __future__ import annotations

import http.server
import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from conformance.model import Verdict
from interop.replay import stale
from interop.triage import Explained, Whose

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="the evidence is curl lines")


class AlwaysTheSame(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Token", self.headers.get("Authorization", "none"))
        self.end_headers()
        self.wfile.write(b'{"status":"open","id":"1"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def base() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), AlwaysTheSame) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def row(answer: str, curl: str = 'curl -si "$BASE/Consent"') -> Explained:
    return Explained(
        requirement="r4.x.y",
        verdict=Verdict.FAIL,
        whose=Whose.SERVER,
        section="-",
        explanation="-",
        checks=("test_x",),
        curl=curl,
        answer=answer,
    )


def test_an_answer_is_found_when_its_lines_occur_in_order(base: str) -> None:
    shown = row('200 OK\n"status":"open"\n"id":"1"')
    with_token = row("X-Token: Bearer abc", 'curl -si -H "Authorization: Bearer $READER" "$BASE/Consent"')
    assert stale([shown, with_token], base=base, tokens={"reader": "abc"}) == []


@pytest.mark.parametrize(
    "evidence",
    [row("404"), row('"id":"1"\n"status":"open"'), row("200 OK", "curl -si $BASE/x --nonsense"), row("200", "true")],
    ids=["other status", "other order", "curl fails", "no output"],
)
def test_an_answer_that_no_longer_comes_is_stale(base: str, evidence: Explained) -> None:
    (said,) = stale([evidence], base=base, tokens={})
    assert said.startswith("stale: r4.x.y: ")
