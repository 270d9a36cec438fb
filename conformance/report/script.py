"""A shell script that repeats what a finding shows: its exchanges in order, with the ids that come this time.

POSIX shell, curl and awk. Credentials stand in it as `$TOKEN`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.report.curl import command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.model import Exchange, Judged, Report

HEAD = """#!/bin/sh
# {id}
# {text}
#
# expected: {expected}
# actual:   {actual}
#
# {needs}Prints every answer; the last one shows it.
set -eu

send() {{ answer=$("$@") && printf '%s\\n\\n' "$answer"; }}
header() {{ printf '%s\\n' "$answer" | tr -d '\\r' |
  awk -v name="$1:" 'tolower(substr($0, 1, length(name))) == name {{ sub(/^[^:]*: */, ""); print; exit }}'; }}
"""
NEEDED = "Needs TOKEN, the credentials without the name of their scheme. "
_VERSION = re.compile(r"/_history/([^/?]+)")


def write_all(report: Report, folder: Path) -> list[Path]:
    """A script for each generated requirement that was violated; those of an earlier run go."""
    for old in sorted(folder.glob("*.sh")):
        old.unlink()
    written = []
    for row in report.requirements:
        shown = [check for check in row.checks if check["outcome"] == "violated" and check["exchanges"]]
        if not row.requirement.id.startswith("generated.") or not shown:
            continue
        folder.mkdir(exist_ok=True)
        path = folder / f"{row.requirement.id}.sh"
        exchanges = [one for id_, one in report.exchanges.items() if id_ in shown[0]["exchanges"]]
        path.write_text(script(row, exchanges), encoding="utf-8")
        written.append(path)
    return written


def script(row: Judged, exchanges: Sequence[Exchange]) -> str:
    """The script for a requirement that was violated; `exchanges` are those that show it."""
    check = next((check for check in row.checks if check["outcome"] == "violated"), {})
    said = {name: _one_line(str(check.get(name, ""))) for name in ("expected", "actual")}
    lines: list[str] = []
    known: dict[str, str] = {}
    for exchange in exchanges:
        sent = replace(exchange, url=_named(exchange.url, known), request_body=_named(exchange.request_body, known))
        headers = tuple((name, _named(value, known) or "") for name, value in exchange.request_headers)
        written = command(replace(sent, request_headers=headers), inline=1_000_000)
        lines.append(re.sub("\x02(\\w+)\x03", r"""'"$\1"'""", f"send {written}"))
        for number, (name, value, found) in enumerate(_given(exchange, known)):
            variable = f"{name}{len(known) + number + 1}"
            lines.append(f"{variable}={found}")
            known[value] = variable
    needs = NEEDED if any("$TOKEN" in line for line in lines) else ""
    head = HEAD.format(id=row.requirement.id, text=_one_line(row.requirement.text), needs=needs, **said)
    return "\n".join([head, *lines, ""])


def _given(exchange: Exchange, known: dict[str, str]) -> list[tuple[str, str, str]]:
    """(name, value, how the shell finds it) of what later requests may name: a new id, the tag of a version."""
    found = []
    created = _created(exchange)
    if created and created not in known:
        found.append(("ID", created, """$(header location | sed 's,/_history/.*,,; s,.*/,,')"""))
    tag = exchange.header("ETag")
    if tag and tag not in known:
        version = tag.removeprefix("W/").strip('"')
        found.append(("TAG", tag, "$(header etag)"))
        found.append(("PAST", f"/_history/{version}", """/_history/$(header etag | sed 's,^W/,,; s,",,g')"""))
    return found


def _created(exchange: Exchange) -> str:
    """The id that a create was answered with; empty for anything else."""
    if exchange.method != "POST" or not 200 <= (exchange.status or 0) < 300:
        return ""
    place = urlsplit(exchange.header("Location") or "").path
    return _VERSION.split(place)[0].rpartition("/")[2]


def _named(text: Any, known: dict[str, str]) -> Any:
    """The text with what the server gave replaced by marks, which make the shell's quotes certain."""
    for value, variable in known.items():
        text = text.replace(value, f"\x02{variable}\x03") if isinstance(text, str) else text
    return text


def _one_line(text: str) -> str:
    """For a comment: on one line, in letters that no terminal obeys."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\x7f", "")[:300]
