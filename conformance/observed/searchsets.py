"""What a vendor's searchsets look like, beyond what every searchset has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model import NotTestable, Violation
from conformance.observed import observes
from conformance.observed.bundles import searches

if TYPE_CHECKING:
    from conformance.observed import Answers


@observes("oracle-health.search.bundle-identity")
def every_searchset_has_an_id_of_its_own(answers: Answers) -> str | None:
    """Every searchset has an id, and no two have the same."""
    seen: dict[str, str] = {}
    for search in answers.once(searches):
        if search.bundle is None:
            continue
        id_ = search.bundle.get("id")
        if not isinstance(id_, str):
            raise Violation("an id in every searchset", f"{search.exchange.url}: none", (search.exchange.id,))
        if id_ in seen:
            raise Violation(
                "an id of its own in every searchset",
                f"{search.exchange.url}: {id_}, as another",
                (search.exchange.id, seen[id_]),
            )
        seen[id_] = search.exchange.id
    if not seen:
        raise NotTestable("no searchset was received in this run")
    return None


@observes("oracle-health.search.match-entry-is-complete")
def every_match_is_complete(answers: Answers) -> str | None:
    """Every entry that is not marked otherwise has fullUrl, resource and search.mode, all in one."""
    seen = False
    for search in answers.once(searches):
        for entry, resource in search.entries:
            seen = True
            mode = entry["search"].get("mode") if isinstance(entry.get("search"), dict) else None
            if mode in ("include", "outcome") or resource.get("resourceType") == "OperationOutcome":
                continue
            held = {"fullUrl": entry.get("fullUrl"), "resource": resource, "search.mode": mode}
            missing = [name for name, value in held.items() if not value]
            if missing:
                what = f"{search.exchange.url}: an entry without {' and '.join(missing)}"
                raise Violation("fullUrl, resource and search.mode in every match", what, (search.exchange.id,))
    if not seen:
        raise NotTestable("no entry was received in this run")
    return None
