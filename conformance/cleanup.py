"""Removes what a run has created, by its journal, and says what stays behind.

A resource is touched only when the journal leads to it and its own content shows that the run made it: it names a
patient that the run made up or created, it carries a mark of the run, or it is the answer to a create, of the patient
that was sent and not older than the create. An answer with somebody else's id in it, or a search that finds too much,
therefore harms nobody. Where consents cannot be deleted, they are closed.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.callers import Callers
from conformance.client import Consents, Kept
from conformance.headers import Change
from conformance.journal import TAG_SYSTEM
from conformance.model import NotTestable, Unreachable, Violation
from conformance.period.written import stored_date_time
from conformance.recorder import Recorder, own_fault
from conformance.redaction import Redactor
from conformance.traces import logical_id, plan
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from conformance.answer import Answer
    from conformance.journal import Write
    from conformance.packs import Pack
    from conformance.target import Target
    from conformance.traces import Place, Plan

PATIENCE = 3
"""After so many server errors in a row nothing more is asked of the server."""

OVER = frozenset({"inactive", "rejected", "entered-in-error"})
"""Status of a consent that is not in force (http://hl7.org/fhir/consent-state-codes)."""

AS_SHOWN = Change(flaw="the content that the server shows, right or wrong")
UNDELETABLE, UNCLOSABLE = "deleting is not offered", "and neither is closing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """A resource of the run that is still there; `closed` when it is a consent that is not in force any more."""

    place: str
    why: str
    closed: bool = False


@dataclass(kw_only=True, slots=True)
class Cleaned:
    """What became of the resources of a run. `stopped` says why not all were looked at."""

    removed: int = 0
    gone: int = 0
    """How many were not there any more: checks delete some, and some creates never happened."""
    left: list[Left] = field(default_factory=list)
    stopped: str = ""

    @property
    def done(self) -> bool:
        """Whether nothing of the run is in force any more."""
        return not self.stopped and all(one.closed for one in self.left)


def clean(writes: Iterable[Write], *, pack: Pack, target: Target, claims: Collection[str], workers: int = 1) -> Cleaned:
    """Remove what these writes have left on the target, or close it; with so many connections at a time."""
    known = target.given
    given = {logical_id(one) for names in (known.consents, known.patients, known.other_patients) for one in names}
    given |= {logical_id(one) for names in (known.empty_patients, known.actors, known.ended_consents) for one in names}
    cleaning = _Cleaning(plan(writes, given=given), pack, target, frozenset(claims), workers)
    try:
        return cleaning.perform()
    finally:
        cleaning.close()


class _Cleaning:
    """One cleanup under way."""

    def __init__(self, made: Plan, pack: Pack, target: Target, claims: frozenset[str], workers: int) -> None:
        self._plan = made
        self._pack, self._target, self._claims, self._workers = pack, target, claims, workers
        self._dialect = pack.dialect.with_overrides(target.dialect)
        self._redactor = Redactor(target.secrets(), people=target.redact_people)
        self._own = threading.local()
        self._wires: list[Wire | Callers] = []
        self._lock = threading.Lock()
        self._deletes = "delete" in claims
        self._closes = bool({"update", "update:instance-url", "update:type-url"} & claims)
        self._errors = 0
        self._today = ""
        self._named: list[Place] | None = None
        """What could not be deleted in this round, since something names it; None: there is no further round."""
        self._cleaned = Cleaned()

    def perform(self) -> Cleaned:
        cleaned = self._cleaned
        if self._plan.lost:
            why = "its answer is not on record, and it names nothing to search by"
            cleaned.left += [Left(place="a create", why=why)] * self._plan.lost
        if not self._plan.places and not self._plan.patients and not self._plan.marks:
            return cleaned
        if not self._deletes and not self._closes:
            cleaned.left += [
                Left(place="/".join(place), why=f"{UNDELETABLE}, {UNCLOSABLE}") for place in self._plan.places
            ]
            return cleaned
        if (self._plan.patients or self._plan.marks) and self._dialect.settle:
            time.sleep(self._dialect.settle)
        self._take_away([place for place in self._plan.places if place[0] == "Consent"])
        if self._searches:
            self._in_parallel(self._search, self._plan.patients)
        # Consents name the others, so these come last.
        self._take_away([place for place in self._plan.places if place[0] != "Consent"])
        self._in_parallel(self._search_mark, self._plan.marks)
        cleaned.left.sort(key=lambda one: (one.closed, one.place))
        return cleaned

    @property
    def _searches(self) -> bool:
        return bool({"search", f"search:{self._dialect.patient_parameter}", "search:patient"} & self._claims)

    def close(self) -> None:
        for wire in self._wires:
            wire.close()

    def _take_away(self, places: list[Place]) -> None:
        """What another resource names may be kept until that one is gone (409): newest first, again while it helps."""
        left = places[::-1]
        while left:
            tried, self._named = left, []
            self._in_parallel(self._consider, tried)
            left = self._named
            if len(left) == len(tried):
                self._named = None
                self._in_parallel(self._consider, left)
                return
        self._named = None

    # -- one resource ----------------------------------------------------------------------------------------------

    def _consider(self, place: Place) -> None:
        type_, id = place  # noqa: A001 - FHIR's own word
        name = f"{type_}/{id}"
        read = self._consents.request("GET", f"/{name}", action="read", requested_id=id)
        self._watch(read)
        if read.status in {404, 410}:
            self._cleaned.gone += 1
            self._search_instead(place)
        elif read.status != 200 or not isinstance(read.parsed, dict):
            self._leave(name, f"it cannot be read: {read.described}")
        elif not self._plan.owns(read.parsed) or read.parsed.get("id") != id:
            self._leave(name, "not touched: nothing in it shows that the run made it")
            self._search_instead(place)
        else:
            self._remove(type_, id, read.parsed)

    def _remove(self, type_: str, id: str, shown: dict[str, Any]) -> None:  # noqa: A002 - FHIR's own word
        name, refusal, answer = f"{type_}/{id}", UNDELETABLE, None
        if self._deletes or type_ != "Consent":
            answer = self._deleted(name, id)
            if answer.succeeded or answer.status in {404, 410}:
                self._cleaned.removed += 1
                return
            if answer.status == 409 and self._named is not None:
                self._named.append((type_, id))
                return
            refusal = f"DELETE was refused: {answer.described}"
        if type_ != "Consent":
            self._leave(name, refusal)
        elif str(shown.get("status")) in OVER:
            self._leave(name, f"closed already; {refusal}", closed=True)
        elif not self._closes:
            self._leave(name, f"{refusal}, {UNCLOSABLE}")
        elif self._close(id, shown, refusal):
            again = self._deleted(name, id) if answer is not None and answer.status == 409 else None
            if again is not None and (again.succeeded or again.status in {404, 410}):
                self._cleaned.removed += 1  # it could not go while it was in force
            else:
                self._leave(name, f"closed; {refusal}", closed=True)

    def _deleted(self, name: str, id: str) -> Answer:  # noqa: A002 - FHIR's own word
        answer = self._consents.request("DELETE", f"/{name}", action="delete", requested_id=id)
        self._watch(answer)
        return answer

    def _close(self, id: str, shown: dict[str, Any], refusal: str) -> bool:  # noqa: A002 - FHIR's own word
        consents = self._consents
        self._today = self._today or consents.today().isoformat()
        start = str(consents.period_of(shown).get("start", ""))

        def put(body: dict[str, Any]) -> Answer:
            return consents.update(body, kind="active", action="close", change=AS_SHOWN)

        answer = consents.close_some_way(Kept(id, shown, "active"), end=max(self._today, _day(start)), send=put)
        self._watch(answer)
        if not answer.succeeded:
            self._leave(f"Consent/{id}", f"{refusal}; closing was refused: {answer.described}")
        return answer.succeeded

    # -- what no answer has named ------------------------------------------------------------------------------------

    def _search(self, patient: str) -> None:
        consents = self._consents
        found = consents.find(consents.of_patient(patient), tolerant=True)
        self._further(found.matches, "Consent")

    def _search_instead(self, place: Place) -> None:
        """Look for what a create has stored under another id than it was answered with."""
        for patient, _ in self._plan.answered.get(place, ()):
            if patient in self._plan.own_patients and self._searches:
                self._search(f"Patient/{patient}")

    def _search_mark(self, marked: tuple[str, str]) -> None:
        type_, mark = marked
        for query in (f"identifier=urn:ietf:rfc:3986%7Curn:uuid:{mark}", f"_tag={TAG_SYSTEM}%7C{mark}"):
            answer = self._consents.request("GET", f"/{type_}?{query}", action="search")
            self._watch(answer)
            entries = answer.parsed.get("entry") if isinstance(answer.parsed, dict) else None
            rows = entries if isinstance(entries, list) else []
            self._further([row.get("resource") for row in rows if isinstance(row, dict)], type_)

    def _further(self, resources: Iterable[Any], type_: str) -> None:
        known = set(self._plan.places)
        for one in resources:
            if isinstance(one, dict) and one.get("resourceType") == type_ and isinstance(one.get("id"), str):
                place = (type_, one["id"])
                if place not in known and self._plan.owns(one):
                    self._consider(place)

    # -- the connections ---------------------------------------------------------------------------------------------

    @property
    def _consents(self) -> Consents:
        """The endpoint, on a connection of this thread's own; nothing is kept of what went over it."""
        if not hasattr(self._own, "wire"):
            self._own.wire = Wire(self._target, sharing=self._workers)
            self._own.callers = Callers(self._target, self._redactor)
            self._wires += [self._own.wire, self._own.callers]
        return Consents(
            wire=self._own.wire,
            target=self._target,
            pack=self._pack,
            dialect=self._dialect,
            recorder=Recorder(self._redactor),
            callers=self._own.callers,
            claims=self._claims,
            may_write=True,
        )

    def _in_parallel(self, work: Callable[[Any], None], rows: Iterable[Any]) -> None:
        with ThreadPoolExecutor(self._workers) as pool:
            list(pool.map(lambda row: self._guarded(work, row), rows))

    def _guarded(self, work: Callable[[Any], None], row: Any) -> None:
        if self._cleaned.stopped:
            return
        try:
            work(row)
        except Unreachable as problem:
            self._cleaned.stopped = self._redactor.text(str(problem))
        except (Violation, NotTestable) as problem:
            self._leave(_shown(row), self._redactor.text(str(problem)))
        except Exception as problem:  # noqa: BLE001 - the report has to come, whatever content was met here
            self._leave(_shown(row), self._redactor.text(own_fault(problem)))

    def _watch(self, answer: Answer) -> None:
        with self._lock:
            self._errors = self._errors + 1 if answer.status >= 500 or answer.status == 429 else 0
            if self._errors >= PATIENCE:
                self._cleaned.stopped = f"{PATIENCE} answers in a row were {answer.described}"

    def _leave(self, place: str, why: str, *, closed: bool = False) -> None:
        self._cleaned.left.append(Left(place=place, why=why, closed=closed))


def said(cleaned: Cleaned) -> Iterator[str]:
    """What became of the resources of a run, in lines for a terminal; the leftovers themselves are on file."""
    closed = sum(one.closed for one in cleaned.left)
    still = len(cleaned.left) - closed
    parts = [f"{cleaned.removed} deleted", f"{cleaned.gone} gone already"]
    parts += [f"{closed} closed, which stay"] if closed else []
    parts += [f"{still} left as they are"] if still else []
    yield ", ".join(parts)
    if cleaned.stopped:
        yield f"not all were looked at: {cleaned.stopped}"


def _day(start: str) -> str:
    """The day, month or year of a start; empty where it is no dateTime."""
    try:
        stored_date_time(start)
    except ValueError:
        return ""
    return start[:10]


def _shown(row: Any) -> str:
    return "/".join(row) if isinstance(row, tuple) else f"consents of {row}"
