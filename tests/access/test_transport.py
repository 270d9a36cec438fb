"""TLS with a certificate of one's own, against a real server; what is wrong with either side is said once."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import pytest
from authority import DAY, Authority
from protected import protected
from test_credentials import CLIENT, ONE, SECRET, verified

from conformance import target as targets
from conformance.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended

HOUR = timedelta(hours=1)


def incomplete(ended: Ended, *words: str) -> None:
    """Nothing could be checked, and one line says why, with each of the words."""
    assert ended.code == 3, ended.output
    assert ended.report is not None
    assert ended.report["verdict"] == "incomplete"
    for word in words:
        assert word in ended.report["reason"], ended.output
        assert sum(word in line for line in ended.output.splitlines()) == 1, ended.output


@pytest.mark.parametrize("password", [None, "open sesame"])
def test_a_client_certificate_opens_server_and_token_endpoint(
    authority: Authority, write: Callable[..., Path], command: Callable[..., Ended], password: str | None
) -> None:
    mine = authority.signs("client", password=password)
    own = authority.signs("server")
    lines = [*CLIENT, "[tls]", f'ca = "{authority.certificate}"', f'certificate = "{mine.certificate}"']
    lines += [f'key = "{mine.key}"', *(['key_password_env = "OPENS"'] if password else [])]
    with protected(certificate=own.both, clients_of=authority.certificate) as server:
        server.add("suite", SECRET)
        ended = command(
            "run", "--target", str(write(server.base_url, *lines)), *ONE, SECRET=SECRET, OPENS="open sesame"
        )

    verified(ended)
    assert server.issued


def test_a_server_that_wants_a_client_certificate_and_gets_none(
    authority: Authority, write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    with protected(certificate=authority.signs("server").both, clients_of=authority.certificate) as server:
        target = write(server.base_url, "[tls]", f'ca = "{authority.certificate}"')
        ended = command("run", "--target", str(target))

    incomplete(ended, "tls.certificate")  # by an alert or by breaking off, whichever comes first
    assert "client certificate" in ended.output


def test_a_client_certificate_of_another_authority(
    authority: Authority, tmp_path: Path, write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    mine = Authority(tmp_path, "another").signs("client")
    with protected(certificate=authority.signs("server").both, clients_of=authority.certificate) as server:
        lines = ["[tls]", f'ca = "{authority.certificate}"', f'certificate = "{mine.both}"']
        ended = command("run", "--target", str(write(server.base_url, *lines)))

    incomplete(ended, "tls.certificate")  # by an alert or by breaking off, whichever comes first
    assert "client certificate" in ended.output


@pytest.mark.parametrize(
    ("begins", "ends", "host", "words"),
    [
        pytest.param(-2 * DAY, -DAY, "", "the server's certificate has expired; it has to be renewed", id="expired"),
        pytest.param(HOUR, DAY, "", "certificate is not valid yet; is this machine's clock right? It says", id="early"),
        pytest.param(
            -DAY, DAY, "fhir.example.org", "base_url has to use a name that the certificate is for", id="name"
        ),
    ],
)
def test_a_server_certificate_that_does_not_hold(
    authority: Authority,
    write: Callable[..., Path],
    command: Callable[..., Ended],
    begins: timedelta,
    ends: timedelta,
    host: str,
    words: str,
) -> None:
    with protected(certificate=authority.signs("server", begins=begins, ends=ends, host=host).both) as server:
        target = write(server.base_url, "[tls]", f'ca = "{authority.certificate}"')
        ended = command("run", "--target", str(target))

    incomplete(ended, words)
    assert "tls.ca" not in ended.output


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(
            'ca = "client.key.pem"',
            "tls.ca: holds no certificate in PEM; give the certificate of the CA that signed the server's",
            id="no-ca",
        ),
        pytest.param(
            'certificate = "client.cert.pem"\nkey = "other.key.pem"',
            "tls.key: the private key is not the certificate's; give the one that belongs to it",
            id="another-key",
        ),
        pytest.param(
            'certificate = "client.cert.pem"',
            "tls.certificate: holds no private key in PEM that can be read; give the client certificate's key",
            id="no-key",
        ),
        pytest.param(
            'certificate = "client.key.pem"',
            "tls.certificate: holds no certificate in PEM; give the client certificate",
            id="no-certificate",
        ),
        pytest.param(
            'certificate = "locked.cert.pem"\nkey = "locked.key.pem"',
            "tls.key: the private key is encrypted; "
            'put its password into an environment variable and name that: key_password_env = "…"',
            id="locked",
        ),
        pytest.param(
            'certificate = "locked.cert.pem"\nkey = "locked.key.pem"\nkey_password_env = "WRONG"',
            "tls.key_password_env: the password does not open the private key; correct it",
            id="password",
        ),
        pytest.param('certificate = "old.pem"', "get a new one", id="expired"),
        pytest.param('certificate = "early.pem"', "UTC; is this machine's clock right?", id="early"),
    ],
)
def test_a_file_that_cannot_work_is_said_before_the_run(
    authority: Authority, write: Callable[..., Path], lines: str, said: str
) -> None:
    authority.signs("client")
    authority.signs("other")
    authority.signs("locked", password="open sesame")
    authority.signs("old", begins=-2 * DAY, ends=-DAY)
    authority.signs("early", begins=HOUR)

    target = write("https://127.0.0.1:1/fhir", "[tls]", lines)
    with pytest.raises(UsageError) as caught:
        targets.load(target, environ={"WRONG": "open simsalabim"})

    (line,) = str(caught.value).splitlines()
    assert line.endswith(said)


def test_a_usage_error_ends_with_2_and_writes_nothing(
    write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    ended = command("run", "--target", str(write("https://127.0.0.1:1/fhir", *CLIENT)))

    assert (ended.code, ended.report) == (2, None)
    assert ended.output.strip().endswith("the environment variable SECRET is not set; set it before the run")


def test_a_proxy_carries_the_token_request_too(write: Callable[..., Path], command: Callable[..., Ended]) -> None:
    with protected() as server, _proxy() as proxy:
        server.add("suite", SECRET)
        target = write(server.base_url, *CLIENT, "[http]", f'proxy = "{proxy.url}"')
        ended = command("run", "--target", str(target), *ONE, SECRET=SECRET)

    verified(ended)
    assert len(proxy.asked) == len(server.requests)
    assert any(address.endswith("/token") for address in proxy.asked)


class _proxy:  # noqa: N801 - used as a context manager
    """A proxy for plain http: requests name the whole address, and are handed on."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._hand_on, args=(client,), daemon=True).start()

    def _hand_on(self, client: socket.socket) -> None:
        """One request per connection: the answer says close, and both sides are told so."""
        import http.client
        from urllib.parse import urlsplit

        with client, client.makefile("rb") as sent:
            method, address, _ = sent.readline().decode().split()
            headers = http.client.parse_headers(sent)
            body = sent.read(int(headers.get("Content-Length") or 0))
            self.asked.append(address)
            there = urlsplit(address)
            onward = http.client.HTTPConnection(there.netloc, timeout=10)
            onward.request(method, address.removeprefix(f"http://{there.netloc}"), body, dict(headers.items()))
            answer = onward.getresponse()
            content = answer.read()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
            lines = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {value}" for name, value in kept)]
            lines += [f"Content-Length: {len(content)}", "Connection: close", "", ""]
            client.sendall("\r\n".join(lines).encode("latin-1") + (content if method != "HEAD" else b""))
            onward.close()


_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}
