"""Whole lives of a few consents, in any order, against a model of what a server must remember.

An example is a list of steps, so that it can be tried again, made smaller and kept; a step names a consent by its place
among those that were created. Two clients write for two patients; each remembers the version that it saw last.

Where R4 leaves a choice the model takes either: an update may be refused by a rule of business and then changes
nothing, a deleted consent may come back by an update (http.html#upsert), old versions may be unknown (404, #vread).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from conformance import expect, meaning
from conformance.client import Kept
from conformance.found import element
from conformance.generate import values
from conformance.generate.smaller import reduced
from conformance.generate.world import PATIENTS
from conformance.headers import PLAIN, setting
from conformance.model import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from hypothesis import strategies as st

    from conformance.answer import Answer
    from conformance.client import Json
    from conformance.found import Found
    from conformance.generate.exploring import Exploring, Smaller, Trial
    from conformance.headers import Change

STEPS = {
    "create": ("create",),
    "close": ("update",),
    "reopen": ("update",),
    "move": ("update",),
    "delete": ("delete",),
    "search": ("search:patient",),
    "vread": ("vread", "versions"),
    "history": ("history", "versions"),
    "look": ("read",),
}
"""Step → what the target must claim for it."""
LIKELY = (
    *("close", "reopen", "move") * 2,
    *("delete", "search", "create") * 2,
    "vread",
    "history",
)
LAST: tuple[Json, ...] = (
    {"do": "search", "patient": PATIENTS[0]},
    {"do": "search", "patient": PATIENTS[0], "status": "active"},
    {"do": "search", "patient": PATIENTS[0], "status": "inactive"},
    {"do": "vread"},
    {"do": "history"},
    {"do": "look"},
    {"do": "look", "consent": 1},
)
"""How a life ends, so that what its writes have done is looked at."""
FOLLOWING = (("move", "close"), ("move", "close", "reopen"))
"""What the first two writes after a create are, in every order."""
VERSIONS = 7
"""How many a life has that is looked back upon."""
FEWEST, MOST = 4, 10
STARTS = ("2024-03-01", "2023-01-10", "2024-02-29", "2025-06-30")
ENDS = ("2031-12-02", "2032-02-29", "2030-01-31", "2033-07-01")


def examples(exploring: Exploring) -> st.SearchStrategy[Json]:
    """`{"steps": […]}`, of which the first creates a consent."""
    claims = exploring.consents.claims
    offered = tuple(name for name in LIKELY if claims.issuperset(STEPS[name]))

    def life(random: Random) -> Json:
        number = FEWEST + values.number(random, MOST - FEWEST)
        names = ["create", *(values.pick(random, offered) for _ in range(number))]
        last = [step for step in LAST if claims.issuperset(STEPS[step["do"]])]
        return {"steps": [*(_step(random, name) for name in names), *last]}

    return values.CHANCE.map(life)


def always(exploring: Exploring) -> Iterator[Json]:
    """Every two writes after a create, each followed by one of the client who has seen none or one of them.

    And two lives more: one that is over after a change and begins again, and one of many versions, looked back upon.
    """
    claims = exploring.consents.claims
    for number, writes in enumerate(product(*FOLLOWING)):
        life: list[Json] = [{"do": "create", "look": True, "patient": PATIENTS[0], "date": number % len(STARTS)}]
        for place, name in enumerate(writes):
            date = (number + place + 1) % len(STARTS)
            life.append({"do": name, "look": True, "client": 0, "conditional": True, "date": date})
            life += [{"do": "look", "client": 1}] if place == 0 and number % 2 else []
        life.append({"do": "move", "look": True, "client": 1, "conditional": True, "date": number % len(STARTS)})
        life += LAST[1:3]
        yield {"steps": [step for step in life if claims.issuperset(STEPS[step["do"]])]}
    first: Json = {"do": "create", "look": True, "patient": PATIENTS[0], "date": 0}
    if claims.issuperset(STEPS["delete"]):
        move = {"do": "move", "look": True}
        life = [first, {**move, "date": 1}, {"do": "delete", "look": True}, *LAST[:2], {**move, "date": 2}]
        yield {"steps": [step for step in life if claims.issuperset(STEPS[step["do"]])]}
    if claims.issuperset(STEPS["history"]) or claims.issuperset(STEPS["vread"]):
        moves = [{"do": "move", "look": True, "date": number % len(STARTS)} for number in range(1, VERSIONS)]
        looks = ({"do": "vread"}, {"do": "vread", "version": VERSIONS // 2}, {"do": "history"})
        life = [first, *moves, *looks]
        yield {"steps": [step for step in life if claims.issuperset(STEPS[step["do"]])]}


def _step(random: Random, name: str) -> Json:
    step: Json = {"do": name, "look": True}
    if name in {"create", "move", "close"}:
        step["date"] = values.number(random, len(STARTS) - 1)
    if name in {"create", "search"}:
        step["patient"] = PATIENTS[0 if values.number(random, 3) else 1]
    if name == "search" and values.now_and_then(random):
        step["status"] = values.pick(random, ("active", "inactive"))
    if name not in {"create", "search"}:
        step["consent"] = 0 if values.number(random, 3) else values.number(random, 2)
    if name in {"close", "reopen", "move"}:
        step["client"] = values.number(random, 1)
        step["conditional"] = not values.now_and_then(random, 4)
    if name == "vread":
        step["version"] = values.number(random, 3)
    return step


def smaller(_: Exploring) -> Smaller:
    """Leaves out steps, the last ones first, and what of a step need not be said."""

    def made_smaller(example: Json, still: Callable[[Json], bool]) -> Json:
        def whole(candidate: Json) -> bool:
            return candidate["steps"] != [] and all("do" in step for step in candidate["steps"]) and still(candidate)

        smallest: Json = reduced(example, whole, under=("steps",), deepest=2)
        return smallest

    return made_smaller


@dataclass
class _Version:
    id: str
    body: Json


@dataclass
class _Life:
    """What the model knows of one consent. `versions` are those that were there, oldest first."""

    id: str
    patient: str
    versions: list[_Version] = field(default_factory=list)
    deleted: bool = False
    seen: dict[int, str] = field(default_factory=dict)
    """Client → the ETag that it saw last."""

    @property
    def body(self) -> Json:
        return self.versions[-1].body


def attempt(trial: Trial) -> None:
    """Carry out the steps until one shows a violation: what comes after it cannot be predicted."""
    life = _Lives(trial)
    for step in trial.example["steps"]:
        life.carry_out(step)
        if trial.violations:
            return


class _Lives:
    def __init__(self, trial: Trial) -> None:
        self.all: list[_Life] = []
        self._trial = trial
        self._asking = trial.consents

    def carry_out(self, step: Json) -> None:
        if step["do"] == "create":
            self._create(step)
        elif step["do"] == "search":
            self._search(step)
        elif self.all:
            known = self.all[step.get("consent", 0) % len(self.all)]
            {"delete": self._delete, "vread": self._vread, "history": self._history, "look": self._look}.get(
                step["do"], self._update
            )(known, step)

    def look(self, known: _Life, *, client: int) -> Answer:
        """Read a consent and hold it against the model."""
        read = self._asking.read(known.id)
        if known.deleted:
            with self._trial.watching("gone"):
                expect.absent(read)
            return read
        with self._trial.watching("current"):
            expect.same_meaning(known.body, read)
        known.seen[client] = read.header("ETag") or ""
        return read

    def _look(self, known: _Life, step: Json) -> None:
        self.look(known, client=step.get("client", 0))

    def _create(self, step: Json) -> None:
        patient = step.get("patient", self._trial.people[PATIENTS[0]])
        body = self._asking.body("active", patient=patient)
        self._asking.period_of(body, create=True)["start"] = STARTS[step.get("date", 0)]
        created = self._asking.create(body, kind="active")
        with self._trial.watching("answers"):
            expect.no_server_error(created)
        if not created.succeeded or not created.given_id:
            return
        self._trial.accepted += 1
        with self._trial.watching("gone", "current"):
            used = created.given_id in {known.id for known in self.all}
            expect.true(not used, "an id that no consent has had", created.given_id, created)
        known = _Life(created.given_id, patient, [_Version("", {**body, "id": created.given_id})])
        self.all.append(known)
        known.versions[0].id = _version(created)
        known.seen = dict.fromkeys((0, 1), created.header("ETag") or "")
        if step.get("look"):
            read = self.look(known, client=0)
            known.versions[0].id = _version(read)
            known.seen = dict.fromkeys((0, 1), read.header("ETag") or "")

    def _update(self, known: _Life, step: Json) -> None:
        client = step.get("client", 0)
        change, stale = self._condition(known, client, conditional=step.get("conditional", False))
        body = self._changed(known, step)
        sent = self._asking.update(
            body, kind="active", action="close" if step["do"] == "close" else "update", change=change
        )
        with self._trial.watching("answers"):
            expect.no_server_error(sent)
        if stale and not known.deleted:
            with self._trial.watching("stale"):
                expect.refused(sent, best=412)
        if sent.succeeded:
            self._updated(known, sent, body, step)
        elif step.get("look"):
            self.look(known, client=client)

    def _updated(self, known: _Life, answer: Answer, body: Json, step: Json) -> None:
        """The target has taken new content: the model does as well."""
        same = body == known.body and not known.deleted
        known.deleted = False
        known.versions.append(_Version("", body))
        if step.get("look"):
            answer = self.look(known, client=step.get("client", 0))
        elif answer.header("ETag"):
            known.seen[step.get("client", 0)] = answer.header("ETag") or ""
        version = known.versions[-1].id = _version(answer)
        if same and version == known.versions[-2].id:
            known.versions.pop()  # the same content again may be the same version, however often it comes
        if version and self._asking.offers("versions"):
            earlier = [one.id for one in known.versions[:-1]]
            with self._trial.watching("versions"):
                expect.true(version not in earlier, f"a version that was not there: {earlier}", version, answer)

    def _condition(self, known: _Life, client: int, *, conditional: bool) -> tuple[Change, bool]:
        """How an update says which version it is about, and whether that one is out of date."""
        tag = known.seen.get(client)
        if not conditional or not tag or not self._asking.offers("if-match"):
            return PLAIN, False
        current = known.versions[-1].id
        stale = bool(current) and tag.removeprefix("W/").strip('"') != current
        return setting("If-Match", tag, flaw="an old version" if stale else None), stale

    def _changed(self, known: _Life, step: Json) -> Json:
        if step["do"] == "close":
            body = self._asking.closing(Kept(known.id, known.body, "active"), end=ENDS[step.get("date", 0)])
            return {**body, "id": known.id}
        body = {**self._asking.body("active", patient=known.patient), "id": known.id}
        period = self._asking.period_of(body, create=True)
        before = self._asking.period_of(known.body)
        period["start"] = before.get("start", STARTS[0]) if step["do"] == "reopen" else STARTS[step.get("date", 0)]
        return body

    def _delete(self, known: _Life, step: Json) -> None:
        answer = self._asking.delete(known.id)
        with self._trial.watching("answers"):
            expect.no_server_error(answer)
        known.deleted = known.deleted or answer.succeeded
        if step.get("look"):
            self.look(known, client=0)

    def _search(self, step: Json) -> None:
        patient = step.get("patient", self._trial.people[PATIENTS[0]])
        parameters = [self._asking.of_patient(patient)]
        status = step.get("status") if self._asking.offers("search:status") else None
        if status:
            parameters.append(("status", status))
        there = [one for one in self.all if not one.deleted and one.patient == patient]
        include = {one.id for one in there if status in {None, one.body.get("status")}}
        changed = {one.id for one in self.all if not one.deleted} - include
        gone = {one.id for one in self.all if one.deleted}

        def settled(found: Found) -> bool:
            return not (changed | gone) & found.ids and not any(self._outdated(one, there) for one in found.matches)

        found = None
        with self._trial.watching("search"):
            # of a patient without consents a server may say that there is none
            found = self._asking.find(*parameters, include=include, until=settled, tolerant=not include)
            try:
                expect.matches(found, include=include, exclude=changed)
                for match in found.matches:
                    self._shows_the_last(match, there, found)
            except Violation:
                if not self._as_read():  # a search that shows what a read shows is not the one to blame
                    return
                raise
        if found is not None:
            with self._trial.watching("gone"):
                expect.matches(found, exclude=gone)

    def _as_read(self) -> bool:
        """Whether reads show what the model predicts."""
        for known in self.all:
            self.look(known, client=0)
        return not {"current", "gone"} & set(self._trial.violations)

    def _shows_the_last(self, match: Json, there: list[_Life], found: Found) -> None:
        """What a search lists is the content that a read shows."""
        lines = self._outdated(match, there)
        if lines:
            raise Violation("a match with the content last written", "; ".join(lines[:3]), found.shows)

    @staticmethod
    def _outdated(match: Json, there: list[_Life]) -> list[str]:
        known = next((one for one in there if one.id == match.get("id")), None)
        return meaning.lost(known.body, match) if known is not None else []

    def _vread(self, known: _Life, step: Json) -> None:
        wanted = known.versions[step.get("version", 0) % len(known.versions)]
        if not wanted.id:
            return
        answer = self._asking.vread(known.id, wanted.id)
        if answer.status in {404, 410}:
            return
        with self._trial.watching("old"):
            expect.same_meaning(wanted.body, answer)

    def _history(self, known: _Life, _: Json) -> None:
        if known.deleted and self._asking.history(known.id).status in {404, 410}:
            return
        with self._trial.watching("old"):
            found = self._asking.settled(
                lambda: self._asking.paged(self._asking.history(known.id)),
                lambda found: {one.id for one in known.versions if one.id} <= _versions(found).keys(),
            )
            answer, listed = found.pages[0], _versions(found)
            for version in known.versions:
                if not version.id:
                    continue
                expect.true(version.id in listed, f"version {version.id}", f"versions {sorted(listed)}", answer)
                lines = meaning.lost(version.body, listed[version.id])
                expect.true(not lines, f"version {version.id} as it was", "; ".join(lines[:3]), answer)


def _version(answer: Answer) -> str:
    """The version that an answer shows: the resource's own, or the one that its ETag names; empty when neither does."""
    return str(answer.meta.get("versionId") or (answer.header("ETag") or "").removeprefix("W/").strip('"'))


def _versions(history: Found) -> dict[str, Json]:
    """Version id → the content that a history lists for it."""
    shown = [entry["resource"] for entry in history.entries if isinstance(entry.get("resource"), dict)]
    return {str(element(one, "meta.versionId")): one for one in shown}
