"""What a run writes to a server, on disk before it is sent: so that what a killed run left behind can be found.

Each process of a run appends to a file of its own: a line before each write, and one with what came of it. A line goes
to the operating system before the request does, so that it outlives the process, whatever kills it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from conformance.found import objects
from conformance.model import NotTestable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FOLDER = "journal"
"""Where journals lie in a folder of reports."""

TAG_SYSTEM = "urn:uuid:5f0e4c0a-6a3b-4f5e-9d57-6f6e1c1f5b0d"
"""Code system of the tags that mark resources as made by a run of this suite."""

_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?/?$")

_INTENDED = ("at", "method", "type", "id", "own_id", "fits", "patient", "own_patient", "mark")
_PATIENT = re.compile(r"Patient/([0-9a-f-]{36})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """One write: what was sent and when, and what came of it. `status` is None when no answer was recorded.

    `id` is the logical id that the request named, `ids` those that a success named; `patient` and `mark` are the
    reference to the patient and our mark in the body that was sent. `own_id`, `own_patient`: the run made that id up.
    """

    at: str
    method: str
    type: str
    id: str | None
    own_id: bool
    fits: bool
    """Whether the body is a resource of the type that the address names."""
    patient: str | None
    own_patient: bool
    mark: str | None
    status: int | None
    ids: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Journal:
    """The file of one process. It is opened with the first write."""

    def __init__(self, folder: Path, *, process: str = "main", base_url: str) -> None:
        self.folder = folder
        self._path = folder / f"{process}.jsonl"
        self._base = urlsplit(base_url).path.rstrip("/")
        self._file: int | None = None
        self._number = 0
        self._made_up: set[str] = set()

    def new_id(self) -> str:
        """An id that nobody has, and that is known again as made up by this run."""
        made_up = str(uuid.uuid4())
        self._made_up.add(made_up)
        return made_up

    def intend(self, method: str, url: str, body: bytes | None) -> int:
        """Write down a request that could change something; its number is for `came`.

        Raises:
            NotTestable: it cannot be written down, so it must not be sent.

        """
        self._number += 1
        resource = _resource(body)
        named = [unquote(part) for part in urlsplit(url).path.removeprefix(self._base).split("/") if part]
        address = named[1] if len(named) > 1 else resource.get("id") if method == "PUT" else None
        reference = self._patient(resource, body)
        mark = mark_of(resource)
        self._line(
            {
                "write": self._number,
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "method": method,
                "type": named[0] if named else "",
                "id": address,
                "own_id": address in self._made_up,
                "fits": bool(named) and resource.get("resourceType") == named[0],
                "patient": reference,
                "own_patient": str(reference).rpartition("/")[2] in self._made_up,
                "mark": mark if mark in self._made_up else None,
            }
        )
        return self._number

    def came(self, number: int, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """Write down what came of it."""
        ids: list[str] = []
        if 200 <= status < 300:
            located = [value for name, value in headers if name.lower() in {"location", "content-location"}]
            ids = [match[2] for value in located if (match := _LOCATION.search(value.partition("?")[0]))]
            shown = _resource(body).get("id")
            ids += [shown] if isinstance(shown, str) else []
        self._line({"write": number, "status": status, "ids": list(dict.fromkeys(ids))})

    def _patient(self, resource: dict[str, Any], body: bytes | None) -> str | None:
        """The patient whom a body names; in one that is broken on purpose, a patient whom the run made up."""
        for name in ("patient", "subject"):
            element = resource.get(name)
            if isinstance(element, dict) and isinstance(element.get("reference"), str):
                return str(element["reference"])
        broken = _PATIENT.findall((body or b"").decode("utf-8", "replace")) if not resource else []
        return next((f"Patient/{id}" for id in broken if id in self._made_up), None)  # noqa: A001 - FHIR's own word

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _line(self, row: dict[str, Any]) -> None:
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(self._file, json.dumps(row).encode() + b"\n")
        except OSError as problem:
            raise NotTestable(
                f"nothing is written to a server that is not on record first, and {self._path} cannot be written: "
                f"{problem.strerror or problem}",
                remedy="make room there or name another folder by --report-dir",
            ) from problem


def started(reports: Path, **about: Any) -> Path:
    """Make the folder of a new run's journal, with what `cleanup` has to know about the run; return it."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = reports / FOLDER / f"{moment}-{secrets.token_hex(3)}"
    try:
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({"run": folder.name, **about}, indent=1), encoding="utf-8")
    except OSError as problem:
        raise UsageError(
            f"--report-dir: no journal can be kept in {folder}: {problem.strerror or problem}"
        ) from problem
    return folder


def writes(folder: Path) -> Iterator[Write]:
    """Every write of a run, process by process, in the order in which they were made."""
    for path in sorted(folder.glob("*.jsonl")):
        intended: dict[int, dict[str, Any]] = {}
        came: dict[int, dict[str, Any]] = {}
        for line in path.read_bytes().splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # the process died while it wrote this one, before it sent anything
                continue
            (intended if "method" in row else came)[row["write"]] = row
        for number, row in intended.items():
            outcome = came.get(number, {})
            yield Write(
                **{name: row[name] for name in _INTENDED},
                status=outcome.get("status"),
                ids=tuple(outcome.get("ids", ())),
            )


def marked(body: dict[str, Any], form: str, mark: str) -> dict[str, Any]:
    """The body with a mark of ours: as an `identifier`, as a `tag` in its meta, or with `none`."""
    if form == "identifier":
        own = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{mark}"}
        return {**body, "identifier": [*body.get("identifier", ()), own]}
    if form == "tag":
        meta = body.get("meta", {})
        tag = {"system": TAG_SYSTEM, "code": mark, "display": "consent-conformance"}
        return {**body, "meta": {**meta, "tag": [*meta.get("tag", ()), tag]}}
    return body


def mark_of(resource: dict[str, Any]) -> str | None:
    """The mark that `marked` put into it; None where there is none."""
    meta = resource.get("meta")
    for tag in objects(meta.get("tag") if isinstance(meta, dict) else None):
        if tag.get("system") == TAG_SYSTEM:
            return str(tag.get("code"))
    for identifier in reversed(objects(resource.get("identifier"))):
        value = str(identifier.get("value"))
        if identifier.get("system") == "urn:ietf:rfc:3986" and value.startswith("urn:uuid:"):
            return value.removeprefix("urn:uuid:")
    return None


def _resource(body: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(body or b"")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
