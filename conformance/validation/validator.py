"""The validator: from bytes or an object to issues."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.model import UsageError
from conformance.validation.conform import Conformance
from conformance.validation.definitions import definitions
from conformance.validation.extensions import check_extensions
from conformance.validation.issue import Issue, Source
from conformance.validation.packages import Library
from conformance.validation.profiles import Profile, Profiles
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
        self.library = Library(self.definitions, profiles)
        self._resources = Resources(self.definitions, self.library)
        self._profiles = Profiles(self.library)
        self._brought = [
            one
            for one in self.library.profiles.values()
            if one.get("derivation") == "constraint" and one["kind"] == "resource"
        ]

    def validate_bytes(self, data: bytes, *, profile: str | None = None) -> list[Issue]:
        """What there is to say about a document; an empty list for a flawless one. No document makes it raise."""
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
            if run.extensions:
                check_extensions(run, self._profiles, value)
            self._hold_against_profiles(run, value, profile)
        except RecursionError:
            run.add("too-deep", root, "objects lie too deep for this program's stack; not all was read")
        return run.issues

    def _hold_against_profiles(self, run: Run, root: Json, asked: str | None) -> None:
        """The profile that was asked for, those that a resource claims, or the only one brought for its type."""
        wanted = self._asked(asked) if asked else None
        if wanted is not None and not any(name == wanted.type for name, _, _ in run.resources):
            run.add(
                "profile-type",
                str(root.get("resourceType", "Resource")),
                f"{asked} is a profile of {wanted.type}; there is none here",
            )
        for name, path, resource in run.resources:
            applied = {wanted.url: wanted} if wanted is not None and wanted.type == name else {}
            for url, place in _claimed(resource, path):
                claimed = self._profiles.get(url)
                if claimed is not None and claimed.type == name:
                    applied[claimed.url] = claimed
                    self._look_at_version(run, claimed, url, place)
                elif claimed is None and not self._is_core(url):
                    run.not_checked(f"profile {url}", place, f"the profile {url} was not given; it was not checked")
            if not applied and asked is None:
                applied = self._only_one(run, name, path)
            if applied:
                conformance = Conformance(run, self._profiles)
                for profile in applied.values():
                    conformance.check(profile, resource, path, resource, root=root)

    def _only_one(self, run: Run, name: str, path: str) -> dict[str, Profile]:
        """The profile that was brought for a type of resource, if it is the only one."""
        own = [one["url"] for one in self._brought if one["type"] == name]
        if len(own) > 1:
            message = (
                f"it claims no profile in meta.profile, and several are given for {name}: {', '.join(sorted(own))}"
            )
            run.not_checked(f"profiles of {name}", path, f"{message}; it was held against none")
        only = self._profiles.get(own[0]) if len(own) == 1 else None
        return {only.url: only} if only is not None else {}

    @staticmethod
    def _look_at_version(run: Run, profile: Profile, url: str, place: str) -> None:
        version, given = url.partition("|")[2], profile.definition.get("version")
        if version and given and version != given:
            message = f"version {version} of {profile.url} was not given; the resource was held against {given}"
            run.not_checked(f"profile {url}", place, message)

    def _asked(self, url: str) -> Profile | None:
        if self._is_core(url):
            return None
        profile = self._profiles.get(url)
        if profile is None:
            known = ", ".join(sorted(self.library.profiles)) or "none was given"
            raise UsageError(f"there is no profile {url}; known: {known}; give its file, folder or package")
        return profile

    def _is_core(self, url: str) -> bool:
        name = url.partition("|")[0].removeprefix("http://hl7.org/fhir/StructureDefinition/")
        return name in self.definitions.resources


def _claimed(resource: Json, path: str) -> list[tuple[str, str]]:
    """Canonicals in meta.profile, with their places."""
    meta = resource.get("meta")
    listed = meta.get("profile") if isinstance(meta, dict) else None
    if not isinstance(listed, list):
        return []
    return [(url, f"{path}.meta.profile[{index}]") for index, url in enumerate(listed) if isinstance(url, str)]


def _rooted(issue: Issue, value: Any) -> Issue:
    name = value.get("resourceType") if isinstance(value, dict) else None
    root = name if isinstance(name, str) and re.fullmatch("[A-Za-z]+", name) else "Resource"
    return issue._replace(expression=f"{root}{issue.expression}")
