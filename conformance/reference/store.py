"""Every version of every resource, in SQLite: in memory, or in a file that outlives the server."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.reference.messages import Resource

SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    type    TEXT NOT NULL,
    id      TEXT NOT NULL,
    version TEXT NOT NULL,
    updated TEXT NOT NULL,
    content TEXT
);
CREATE INDEX IF NOT EXISTS by_id ON versions (type, id, number);
CREATE TABLE IF NOT EXISTS current (
    type   TEXT NOT NULL,
    id     TEXT NOT NULL,
    first  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (type, id)
);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """One version of one resource. `resource` is None in a version that marks a deletion; nobody changes it.

    `first` grows with each resource that is created and stays the same over its versions.
    """

    number: int
    first: int
    type: str
    id: str
    version: str
    updated: datetime
    resource: Resource | None

    @property
    def deleted(self) -> bool:
        return self.resource is None

    @property
    def content(self) -> Resource:
        """The resource of a version that is known not to be a deletion."""
        if self.resource is None:
            message = f"{self.type}/{self.id} is deleted in version {self.version}"
            raise LookupError(message)
        return self.resource


class Store:
    """Keeps all versions. May be used from several threads."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + SCHEMA)
        self._decoded: dict[int, Stored] = {}

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def put(self, *, kind: str, id: str, version: str, updated: datetime, resource: Resource | None) -> Stored:  # noqa: A002 - FHIR's word
        """Store a new current version; without a resource the version marks a deletion."""
        content = None if resource is None else json.dumps(resource, ensure_ascii=False)
        with self._lock:
            self._connection.execute("BEGIN")
            (number,) = self._connection.execute(
                "INSERT INTO versions (type, id, version, updated, content) VALUES (?, ?, ?, ?, ?) RETURNING number",
                (kind, id, version, updated.isoformat(timespec="microseconds"), content),
            ).fetchone()
            self._connection.execute(
                "INSERT INTO current (type, id, first, number) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (type, id) DO UPDATE SET number = excluded.number",
                (kind, id, number, number),
            )
            self._connection.execute("COMMIT")
            return self._stored(number)

    def current(self, kind: str, id: str) -> Stored | None:  # noqa: A002 - FHIR's word
        """Return the newest version, a deletion included; None when the id was never used."""
        return next(iter(self._all("SELECT number FROM current WHERE type = ? AND id = ?", (kind, id))), None)

    def everything(self, kind: str) -> list[Stored]:
        """Return the newest version of every resource of the type that is not deleted, oldest resource first."""
        newest = self._all("SELECT number FROM current WHERE type = ? ORDER BY first", (kind,))
        return [stored for stored in newest if not stored.deleted]

    def everything_at(self, kind: str, moment: datetime) -> list[Stored]:
        """Return what `everything` would have returned at a moment (UTC)."""
        newest = self._all(
            "SELECT max(number) FROM versions WHERE type = ? AND updated <= ? GROUP BY id ORDER BY min(number)",
            (kind, moment.isoformat()),
        )
        return [stored for stored in newest if not stored.deleted]

    def versions(self, kind: str, id: str) -> list[Stored]:  # noqa: A002 - FHIR's word
        """Return all versions of one resource, newest first; empty when the id was never used."""
        return self._all("SELECT number FROM versions WHERE type = ? AND id = ? ORDER BY number DESC", (kind, id))

    def _all(self, statement: str, values: tuple[str, ...]) -> list[Stored]:
        """Return the versions whose numbers a statement selects."""
        with self._lock:
            return [self._stored(number) for (number,) in self._connection.execute(statement, values).fetchall()]

    def _stored(self, number: int) -> Stored:
        """Return one version; each is read once, since none ever changes."""
        if number not in self._decoded:
            kind, id_, version, updated, content, first = self._connection.execute(
                "SELECT type, id, version, updated, content, first FROM versions JOIN current USING (type, id)"
                " WHERE versions.number = ?",
                (number,),
            ).fetchone()
            self._decoded[number] = Stored(
                number=number,
                first=first,
                type=kind,
                id=id_,
                version=version,
                updated=datetime.fromisoformat(updated),
                resource=None if content is None else json.loads(content),
            )
        return self._decoded[number]
