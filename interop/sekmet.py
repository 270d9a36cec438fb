"""sekmet-fhir from PyPI on loopback: an R4 server that we did not write, in an environment of its own.

`python interop/sekmet.py --port N [--tokens] [--write-target FILE]` installs it once under build/interop/venv, starts
it with an empty data folder and prints `ready URL`. It needs Python and, for the first start, a package index; nothing
of ours is imported, so that any Python 3.11 can run it.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType, TracebackType

VERSION = "0.1.1"
HOST = "127.0.0.1"
CONSTRAINTS = Path(__file__).with_name("sekmet-constraints.txt")
BUILD = Path(__file__).resolve().parent.parent / "build" / "interop"
SCOPES = {"suite": "system/*.cruds", "reader": "system/Consent.rs"}
"""Who may ask for a token, and for what (SMART 2 scopes). `reader` may read and search consents and nothing else."""
OFFERS = (
    "compartment",
    "format-parameter",
    "multiple-values",
    "paging",
    "prefer",
    "search:_count",
    "search:patient.identifier",
    "search:post",
    "strict-handling",
)
"""What its documentation and the docstrings of its search offer and a CapabilityStatement has no place for."""

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CannotStart(Exception):
    """The server could not be installed or does not answer."""


class Sekmet:
    """A running sekmet-fhir, to be used as a context manager. Its data are gone afterwards.

    `port` 0 takes a free one. With `tokens` every FHIR request but /metadata needs one; `token_lifetime` is in seconds.
    """

    def __init__(self, *, port: int = 0, tokens: bool = False, token_lifetime: int = 3600) -> None:
        self.port = port or _free_port()
        self.url = f"http://{HOST}:{self.port}/fhir"
        self.token_url = f"http://{HOST}:{self.port}/auth/token"
        self.with_tokens = tokens
        self.token_lifetime = token_lifetime
        self.secrets = {client: secrets.token_urlsafe(16) for client in SCOPES}
        self.tokens: dict[str, str] = {}
        self._folder = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = installed()
        data = Path(self._folder.enter_context(tempfile.TemporaryDirectory(prefix="sekmet-")))
        try:
            if self.with_tokens:
                self._start(program, data, token_lifetime=0)
                self.tokens["expired"] = self.issued("suite")
                self._stop()  # the signing key stays in the data folder
            self._start(program, data, token_lifetime=self.token_lifetime)
            if self.with_tokens:
                self.tokens |= {client: self.issued(client) for client in SCOPES}
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def wait(self) -> int:
        """Blocks until the server ends, by itself or by a signal; returns its exit code."""
        return self._process.wait() if self._process else 0

    def issued(self, client: str) -> str:
        """A new access token for one of `SCOPES`, by client credentials (RFC 6749 §4.4)."""
        credentials = base64.b64encode(f"{client}:{self.secrets[client]}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - a loopback address
            self.token_url,
            data=urllib.parse.urlencode({"grant_type": "client_credentials", "scope": SCOPES[client]}).encode(),
            headers={"Authorization": f"Basic {credentials}"},
        )
        with _direct.open(request, timeout=10) as answer:
            return str(json.load(answer)["access_token"])

    @property
    def target(self) -> dict[str, Any]:
        """What our suite needs to know of it, in the form of target.toml."""
        told = {"base_url": self.url, "pack": "r4", "allow_writes": True, "claims": {"add": list(OFFERS)}}
        if not self.with_tokens:
            return told | {"auth": {"kind": "none"}}
        further = {"narrow-scope": self.tokens["reader"], "expired": self.tokens["expired"]}
        return told | {"auth": {"kind": "bearer", "token": self.tokens["suite"]}, "tokens": further}

    def write_target(self, path: Path) -> None:
        """The target as a TOML file, readable by its owner only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text("".join(_toml(self.target)), encoding="utf-8")

    def _start(self, program: Path, data: Path, *, token_lifetime: int) -> None:
        settings = data / "settings.json"  # sekmet reads YAML, and JSON is YAML
        settings.write_text(json.dumps(self._settings(data, token_lifetime)), encoding="utf-8")
        log = data / "server.log"
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                [program, "serve", "--config", settings, "--host", HOST, "--port", str(self.port)],
                cwd=data,
                env={name: value for name, value in os.environ.items() if not name.startswith("SEKMET_")},
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise CannotStart(f"sekmet-fhir does not answer at {self.url}; the end of its log:\n{tail}")
            time.sleep(0.1)

    def _settings(self, data: Path, token_lifetime: int) -> dict[str, Any]:
        clients = [
            {"client_id": client, "client_secret": self.secrets[client], "scopes": scopes}
            for client, scopes in SCOPES.items()
        ]
        auth = {"types": ["smart"], "token_lifetime": token_lifetime, "smart_clients": clients}
        return {
            "base_url": self.url,
            "host": HOST,
            "port": self.port,
            "data_dir": str(data),
            "simulator": {"enabled": False},
            "server_auth": auth if self.with_tokens else {"types": ["none"]},
        }

    def _answers(self) -> bool:
        """Whether this server, and not another one on the same port, serves its CapabilityStatement."""
        try:
            with _direct.open(f"{self.url}/metadata", timeout=10) as answer:
                return bool(json.load(answer)["implementation"]["url"] == self.url and self._process_lives())
        except (OSError, ValueError, KeyError):
            return False

    def _process_lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _stop(self) -> None:
        if self._process_lives() and self._process:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _close(self) -> None:
        self._stop()
        self._folder.close()


def installed() -> Path:
    """The program, from build/interop/venv; installed when it is not there or its pinned versions have changed."""
    environment = BUILD / "venv"
    program = environment / "bin" / "sekmet"
    done = environment / "constraints.txt"
    pinned = CONSTRAINTS.read_text(encoding="utf-8")
    if program.exists() and done.exists() and done.read_text(encoding="utf-8") == pinned:
        return program
    print(f"installing sekmet-fhir {VERSION} into {environment}", file=sys.stderr)
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        subprocess.run([*pip, "--constraint", CONSTRAINTS, f"sekmet-fhir=={VERSION}"], check=True)
    except subprocess.CalledProcessError as failed:
        raise CannotStart(f"sekmet-fhir {VERSION} could not be installed; is the package index in reach?") from failed
    done.write_text(pinned, encoding="utf-8")
    return program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _toml(table: dict[str, Any], name: str = "") -> list[str]:
    """TOML lines of nested tables of strings, booleans and lists of strings; those are written as in JSON."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"\n[{name}]\n"] if name and plain else []
    lines += [f"{key} = {json.dumps(value)}\n" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _toml(value, f"{name}.{key}" if name else key)
    return lines


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=f"sekmet-fhir {VERSION} on {HOST}, until it is stopped")
    parser.add_argument("--port", type=int, default=0, help="0, the default: a free one")
    parser.add_argument("--tokens", action="store_true", help="refuse requests without an access token")
    parser.add_argument("--token-lifetime", type=int, default=3600, metavar="SECONDS")
    parser.add_argument("--write-target", type=Path, metavar="FILE", help="write a target.toml for our suite")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        with Sekmet(port=chosen.port, tokens=chosen.tokens, token_lifetime=chosen.token_lifetime) as server:
            if chosen.write_target:
                server.write_target(chosen.write_target)
            print(f"ready {server.url}", flush=True)
            return server.wait()
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
