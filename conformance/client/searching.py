"""Searching: how a consent is selected, all pages of an answer, and a search that lags behind a write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, TypeVar

from conformance import meaning
from conformance.client.interactions import Interactions
from conformance.found import Found, next_link
from conformance.headers import PLAIN, Change
from conformance.journal import mark_of
from conformance.model import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.answer import Answer
    from conformance.client.kept import Json, Kept

MOST_PAGES = 200
"""A search that has not ended after so many pages is given up."""

POLL_EVERY = 0.25
"""Seconds between two looks at a search that lags behind a write."""

T = TypeVar("T")


class Searching(Interactions):
    """Whole searches."""

    def typed(self, reference: str) -> str:
        """A reference as a search value: Type/id, or the bare id where the dialect documents nothing else."""
        return reference.rpartition("/")[2] if self.dialect.reference_form == "bare" else reference

    def of_patient(self, patient: str) -> tuple[str, str]:
        """The search parameter that selects a patient's consents, in the dialect's name and reference form."""
        bare = patient.rpartition("/")[2]
        return self.dialect.patient_parameter, f"Patient/{bare}" if self.patient_form == "typed" else bare

    @property
    def patient_form(self) -> Literal["bare", "typed", "both"]:
        """In which forms a patient may be asked for: a chained parameter such as patient._id takes ids alone."""
        return "bare" if "." in self.dialect.patient_parameter else self.dialect.reference_form

    def selecting(self, known: Kept) -> list[tuple[str, str]]:
        """Search parameters that find a known consent: its patient, or else its id, as far as they are claimed."""
        if "search:patient" in self.claims:
            return [self.of_patient(known.patient)]
        return [("_id", known.id)] if "search:_id" in self.claims else []

    def findable(self, known: Kept) -> Found:
        """The search that finds a known consent, as a positive control.

        Raises:
            NotTestable: it does not find it.

        """
        found = self.find(*self.selecting(known), include=[known.id])
        if known.id not in found.ids:
            raise self.untestable("the search does not find a consent that exists")
        return found

    def find(
        self,
        *parameters: tuple[str, str],
        include: Iterable[str] = (),
        until: Callable[[Found], bool] | None = None,
        tolerant: bool = False,
        change: Change = PLAIN,
        method: Literal["GET", "POST"] = "GET",
    ) -> Found:
        """Search and follow every next link.

        Look again while an id of `include` is missing, or `until` is not met, for as long as `settle` says. With
        `tolerant` an answer below 500 without a Bundle, or 501, counts as nothing found: where something is not to be
        found and another requirement judges the form of such an answer.

        Raises:
            Violation: the answer is no Bundle, or its pages do not end.

        """
        wanted = set(include)

        def found() -> Found:
            first = self.search(parameters, change=change, method=method)
            broken = first.status >= 500 and not first.unsupported
            return Found(() if tolerant and first.status != 200 and not broken else tuple(self._pages(first)))

        return self.settled(found, lambda seen: wanted <= seen.ids and (until is None or until(seen)))

    def settled(self, look: Callable[[], T], enough: Callable[[T], bool]) -> T:
        """What `look` sees once that is enough, or else when an answer can no longer lag behind a write (`settle`)."""
        deadline = self.clock.elapsed() + self.dialect.settle
        while not enough(seen := look()) and self.clock.elapsed() < deadline:
            self.clock.wait(POLL_EVERY)
        return seen

    def stored_from(self, body: Json) -> list[str]:
        """The ids of consents made from this body, as a search by its patient shows; none where that is refused.

        A fresh patient has no others. One that the target gave may have any number, of which those count that have the
        mark of the body.

        Raises:
            NotTestable: there is no mark to tell them by.

        """
        patient = meaning.patient_of(body)
        first = self.search([self.of_patient(patient)])
        if first.status != 200 or first.resource_type != "Bundle":
            return []
        wanted = patient.rpartition("/")[2]
        mark = mark_of(body) if self.dialect.patients == "given" else ""
        if mark is None:
            raise self.untestable(
                "our consents cannot be told from the patient's others",
                remedy="set dialect.marker to tag or identifier, or dialect.patients to any",
            )
        found = Found((first, *self.further_pages(first))).matches
        of_patient = [one for one in found if meaning.patient_of(one).rpartition("/")[2] == wanted]
        return sorted(str(one.get("id")) for one in of_patient if mark in json.dumps(one))

    def paged(self, first: Answer) -> Found:
        """A search whose first page is there already, with all its pages."""
        return Found(tuple(self._pages(first)))

    def page_after(self, page: Answer, *, change: Change = PLAIN) -> Answer | None:
        """What the next link of a page leads to; None on the last one."""
        following = next_link(page)
        return self.request("GET", self._here(following), action="search", change=change) if following else None

    def further_pages(self, first: Answer) -> list[Answer]:
        """The pages after this one."""
        return list(self._pages(first))[1:]

    def _pages(self, first: Answer) -> Iterator[Answer]:
        page, followed = first, set[str]()
        for _ in range(MOST_PAGES):
            yield page
            if page.status != 200:
                raise Violation("200 with a Bundle", page.described, page.shows)
            following = next_link(page)
            if following is None:
                return
            if following in followed:
                raise Violation("next links that lead to an end", "one that was followed before", page.shows)
            followed.add(following)
            page = self.request("GET", self._here(following), action="search")
        raise Violation(f"a last page within {MOST_PAGES}", "a next link on every page", page.shows)
