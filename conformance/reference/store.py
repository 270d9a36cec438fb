"""Every version of every resource, in SQLite: in memory, or in a file that outlives the server."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

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
COLUMNS = "versions.number, versions.type, versions.id, versions.version, versions.updated, versions.content, first"


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
            row = self._connection.execute(
                "INSERT INTO versions (type, id, version, updated, content) VALUES (?, ?, ?, ?, ?) RETURNING number",
                (kind, id, version, updated.isoformat(), content),
            ).fetchone()
            self._connection.execute(
                "INSERT INTO current (type, id, first, number) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (type, id) DO UPDATE SET number = excluded.number",
                (kind, id, row[0], row[0]),
            )
            self._connection.execute("COMMIT")
            stored = self.current(kind, id)
        if stored is None:
            message = f"{kind}/{id} was stored and cannot be found"
            raise LookupError(message)
        return stored

    def current(self, kind: str, id: str) -> Stored | None:  # noqa: A002 - FHIR's word
        """Return the newest version, a deletion included; None when the id was never used."""
        return next(iter(self._select("current.type = ? AND current.id = ?", (kind, id))), None)

    def everything(self, kind: str) -> list[Stored]:
        """Return the newest version of every resource of the type that is not deleted, oldest resource first."""
        return self._select("current.type = ? AND content IS NOT NULL", (kind,))

    def versions(self, kind: str, id: str) -> list[Stored]:  # noqa: A002 - FHIR's word
        """Return all versions of one resource, newest first; empty when the id was never used."""
        return self._read(
            f"SELECT {COLUMNS} FROM versions JOIN current USING (type, id)"  # noqa: S608 - no value is put in
            " WHERE type = ? AND id = ? ORDER BY versions.number DESC",
            (kind, id),
        )

    def _select(self, where: str, values: Iterable[Any]) -> list[Stored]:
        return self._read(
            f"SELECT {COLUMNS} FROM current JOIN versions ON versions.number = current.number"  # noqa: S608 - no value is put in
            f" WHERE {where} ORDER BY first",
            values,
        )

    def _read(self, statement: str, values: Iterable[Any]) -> list[Stored]:
        with self._lock:
            return [self._decode(row) for row in self._connection.execute(statement, tuple(values))]

    def _decode(self, row: tuple[Any, ...]) -> Stored:
        number = row[0]
        if number not in self._decoded:
            self._decoded[number] = Stored(
                number=number,
                type=row[1],
                id=row[2],
                version=row[3],
                updated=datetime.fromisoformat(row[4]),
                resource=None if row[5] is None else json.loads(row[5]),
                first=row[6],
            )
        return self._decoded[number]
