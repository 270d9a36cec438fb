"""The curl line repeats an exchange, whatever is in it: read by a real shell."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import synthetic

from conformance.report.curl import command

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Exchange

AWKWARD = 'it\'s "$HOME" `id` $(id) \\ ! * ; & | < > # ~ {a,b} \n åäö'


def arguments(exchange: Exchange, folder: Path, shell: str = "sh") -> list[str]:
    """What curl would be called with, the token being `T0ken`."""
    fake = folder / "curl"
    fake.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    fake.chmod(0o755)
    env = {"PATH": f"{folder}:/usr/bin:/bin", "TOKEN": "T0ken", "LC_ALL": "C.UTF-8"}
    ran = subprocess.run([shell, "-c", command(exchange)], env=env, capture_output=True, check=True, cwd=folder)
    assert ran.stderr == b""
    return ran.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_reads_what_was_sent(shell: str, tmp_path: Path) -> None:
    exchange = synthetic.exchange(
        1,
        request_headers=(
            ("Authorization", "Bearer [redacted]"),
            ("Content-Type", "application/fhir+json"),
            ("Accept", "*/*"),
            ("x-awkward", AWKWARD.replace("\n", " ")),
            ("x-empty", ""),
            ("Content-Length", "17"),
            ("Host", "fhir.example.org"),
        ),
        request_body=AWKWARD,
    )
    assert arguments(exchange, tmp_path, shell) == [
        "--include",
        "--request",
        "PUT",
        "https://fhir.example.org/r4/Consent",
        "--header",
        "Authorization: Bearer T0ken",
        "--header",
        "Content-Type: application/fhir+json",
        "--header",
        "Accept: */*",
        "--header",
        f"x-awkward: {AWKWARD}".replace("\n", " "),
        "--header",
        "x-empty;",
        "--data-raw",
        AWKWARD,
    ]


def test_credentials_everywhere_become_the_token_and_nothing_else_does(tmp_path: Path) -> None:
    exchange = synthetic.exchange(
        1,
        "POST",
        "/token?access_token=[redacted]&identifier=urn:x|19[redacted]",
        request_headers=(
            ("x-api-key", "[redacted]"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "*/*"),
            ("x-person", "[redacted]"),
        ),
        request_body="client_secret=[redacted]&scope=a",
    )
    called = arguments(exchange, tmp_path)
    assert "https://fhir.example.org/r4/token?access_token=T0ken&identifier=urn:x|19[redacted]" in called
    assert "x-api-key: T0ken" in called
    assert "x-person: [redacted]" in called
    assert "client_secret=T0ken&scope=a" in called
    assert "--globoff" in called


def test_curl_adds_nothing_of_its_own(tmp_path: Path) -> None:
    bare = synthetic.exchange(1, request_headers=(), request_body="{}")
    assert arguments(bare, tmp_path)[4:8] == ["--header", "Accept:", "--header", "Content-Type:"]
    read = synthetic.exchange(1, "GET", request_headers=())
    assert arguments(read, tmp_path) == ["--include", "https://fhir.example.org/r4/Consent", "--header", "Accept:"]
    assert "--head" in arguments(synthetic.exchange(1, "HEAD"), tmp_path)


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed; a long body is taken with it")
def test_a_long_body_comes_from_results_json(tmp_path: Path) -> None:
    from conformance.report import results

    body = json.dumps({"resourceType": "Consent", "note": AWKWARD * 100}, ensure_ascii=False)
    exchange = synthetic.exchange(1, request_body=body)
    results.write(synthetic.report([], [exchange]), tmp_path)
    fake = tmp_path / "curl"
    fake.write_text("#!/bin/sh\ncat\n")
    fake.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TOKEN": "T"}
    line = command(exchange)
    assert len(line) < 2_000
    ran = subprocess.run(["sh", "-c", line], env=env, capture_output=True, check=True, cwd=tmp_path)
    assert ran.stdout.decode() == body
