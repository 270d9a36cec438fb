"""The validator: from bytes or an object to issues."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.validation.definitions import definitions
from conformance.validation.issue import Issue, Source
from conformance.validation.resources import Resources
from conformance.validation.run import Run, shown
from conformance.validation.strict_json import parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Json = dict[str, Any]


class Validator:
    """Holds resources against the official definitions of a FHIR release, and against profiles.

    `fhir` is `4.0`, `5.0` or `5.0-ballot`. `profiles` are StructureDefinitions, or paths of files, folders and FHIR
    packages (.tgz) with some in them; ValueSets and CodeSystems found beside them count too. A validator may be used
    for any number of documents, by one thread at a time.
    """

    def __init__(self, fhir: str = "4.0", *, profiles: Sequence[Path | str | Json] = ()) -> None:
        self.definitions = definitions(fhir)
        self._resources = Resources(self.definitions)

    def validate_bytes(self, data: bytes, *, profile: str | None = None) -> list[Issue]:
        """What is wrong with a document, worst first within one place; an empty list for a flawless one. Never raises."""
        source = Source(data)
        value, issues = parse(data, source)
        if value is None and issues:
            return issues
        found = self._validate(value, source, profile)
        return [*(_rooted(issue, value) for issue in issues), *found] if issues else found

    def validate(self, resource: Json, *, profile: str | None = None) -> list[Issue]:
        """As `validate_bytes`, for a resource that was parsed already. Lines and columns are not known then."""
        return self._validate(resource, None, profile)

    def _validate(self, value: Any, source: Source | None, profile: str | None) -> list[Issue]:
        run = Run(source)
        if value.__class__ is not dict:
            run.add("top-level", "", f"found {shown(value)}; a resource is a JSON object")
            return run.issues
        name = value.get("resourceType")
        root = name if name.__class__ is str and name in self.definitions.resources else "Resource"
        try:
            self._resources.check(run, value, root)
        except RecursionError:
            run.add("too-deep", root, "objects lie too deep for this program's stack; not all was read")
        return run.issues


def _rooted(issue: Issue, value: Any) -> Issue:
    name = value.get("resourceType") if isinstance(value, dict) else None
    root = name if isinstance(name, str) and re.fullmatch("[A-Za-z]+", name) else "Resource"
    return issue._replace(expression=f"{root}{issue.expression}")
