"""A target's own scenario rows, which are played besides those of the pack. Bodies that they name lie beside them."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

from conformance import reading
from conformance.model import UsageError
from conformance.reading import Problems
from conformance.reading.scenarios import scenarios
from conformance.reading.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.packs import Pack
    from conformance.scenarios import Scenario


def with_scenarios(pack: Pack, files: Sequence[Path]) -> Pack:
    """The pack with the rows of these files besides its own.

    Raises:
        UsageError: a file is wrong, or what it calls something is called so already.

    """
    problems = Problems()
    known = {row.name: "the pack" for row in pack.scenarios}
    added: list[Scenario] = []
    bodies: dict[str, Any] = {}
    for path in files:
        beside = _Beside(pack, path.parent, problems)
        for row in scenarios(path, beside.surroundings, problems):
            if row.name in known:
                said = f"'{row.name}' is a scenario of {known[row.name]} as well; rename one"
                problems.say(f"{reading.shown(path)}: scenario.name: {said}")
            known.setdefault(row.name, path.name)
            added.append(row)
            for name in _bodies(row):
                if name in beside.found and bodies.setdefault(name, beside.found[name]) != beside.found[name]:
                    said = f"another file of that name lies in {reading.shown(path.parent)}; rename one"
                    problems.say(f"{reading.shown(path)}: '{name}': {said}")
    problems.stop()
    scenarios_ = (*pack.scenarios, *added)
    return dataclasses.replace(pack, scenarios=scenarios_, own_fixtures={**pack.own_fixtures, **bodies})


def _bodies(row: Scenario) -> Iterator[str]:
    if row.generated is not None:
        yield row.generated.example
    yield from (step.body for step in row.steps if step.body is not None)


class _Beside:
    """What the rows of files in one folder may refer to: what the pack has, and JSON files in the folder."""

    def __init__(self, pack: Pack, folder: Path, problems: Problems) -> None:
        self.found: dict[str, Any] = {}
        self._pack = pack
        self._folder = folder
        self._problems = problems
        self.surroundings = Surroundings(
            ids=pack.catalogue.ids(),
            headers=pack.headers,
            bodies=pack.bodies,
            fixture=self._problem,
            content=self._content,
            contradictions=[row.id for row in pack.contradictions],
        )

    def _problem(self, name: str) -> str | None:
        if name in self.found:
            return None
        path = self._folder / name
        if path.is_file():
            problems = Problems()
            self.found[name] = reading.json_file(path, problems=problems)
            return " ".join(problems.sentences) or None
        try:
            self._pack.fixture(name)
        except UsageError:
            here = reading.shown(self._folder)
            return f"no file '{name}' in {here}, and no fixture of pack '{self._pack.name}'; correct the name"
        return None

    def _content(self, name: str) -> Any:
        return copy.deepcopy(self.found[name]) if name in self.found else self._pack.fixture(name)
