"""Pages of a search: how many matches one holds, where the next link leads, and what the total counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from conformance import expect, meaning
from conformance.found import Found, acting, next_link
from conformance.model import Violation

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.recorder import Verifying

Json = dict[str, Any]
PATIENT = ("_include", "Consent:patient")


def test_a_count_limits_a_page(consents: Consents, verifying: Verifying) -> None:
    """A patient has several consents. A page of a search with _count holds no more matches than that, be it large."""
    near, ids = _several(consents)
    limit = len(ids) - 1

    answer = consents.search([near, ("_count", str(limit))])

    with verifying("r4.search.count-is-an-upper-bound"):
        expect.success(answer)
        _holds_at_most(limit, answer)
        many = consents.search([near, ("_count", "100000")])
        expect.no_server_error(many)
        if many.refused:
            many.note(f"a _count beyond what the server gives is refused: {many.described}")


def test_a_count_of_zero(consents: Consents, verifying: Verifying) -> None:
    """A patient has several consents. A search with _count=0 tells how many these are, and lists none."""
    near, ids = _several(consents)

    answer = consents.search([near, ("_count", "0")])

    with verifying("r4.search.count-zero-lists-nothing"):
        expect.success(answer)
        found = Found((answer,))
        expect.equal(len(found.matches) + len(found.others), 0, "the number of entries", answer)
        total = answer.resource.get("total")
        if total is None:
            answer.note("no total is given, though _count=0 asks for nothing else")
        else:
            again = len(consents.find(near, include=ids).ids)  # others may write consents of this patient in between
            right = isinstance(total, int) and len(ids) <= total <= max(len(ids), again)
            expect.true(right, f"the total {len(ids)}", f"the total {total!r}", answer)


def test_next_links_reach_every_match(consents: Consents, verifying: Verifying) -> None:
    """A patient has several consents, another has one. Page by page each of the first is listed once, and no other.

    No page holds more than was asked for, one match or several. The pages of a search by POST lead to the same.
    """
    near, ids = _several(consents)
    others = [consents.given("active").id] if consents.may_create else []
    counted = ("_count", _a_third(ids))

    for limit in dict.fromkeys((counted[1], str(len(ids) - 1))):
        pages: tuple[Answer, ...] = ()
        with verifying("r4.search.next-link-reaches-every-match"):
            found = consents.find(near, ("_count", limit), include=ids)
            pages = found.pages
            expect.matches(found, include=ids, exclude=others)
            times = Counter(str(match.get("id")) for match in found.matches)
            again = [id_ for id_ in ids if times[id_] > 1]
            if again and consents.dialect.duplicates_across_pages:
                found.first.note(f"Consent/{again[0]} recurs on a later page, as the dialect says")
            elif again:
                raise Violation(f"Consent/{again[0]} on one page", f"it on {times[again[0]]} pages", found.shows)
        if pages:
            with verifying("r4.search.count-is-an-upper-bound"):
                for page in pages:
                    _holds_at_most(int(limit), page)
    if consents.offers("search:post"):
        whole = consents.find(near, include=ids, method="POST", tolerant=True).ids
        if set(ids) <= whole and not whole & set(others):  # else the form is to blame
            with verifying("r4.search.next-link-reaches-every-match"):
                posted = consents.find(near, counted, include=ids, method="POST")
                expect.matches(posted, include=ids, exclude=others)


def test_next_links_keep_what_was_asked_for(consents: Consents, verifying: Verifying) -> None:
    """A patient has two consents alike, and one between them of another status, category, actor and period.

    Another patient has one like the two. Page by page a search by the patient and one of these lists the two, and
    neither of the others. So does one by two categories, and by one of two, in either order. On one page the total is
    the number of those found.
    """
    if not consents.may_create:
        return
    patient = consents.patient()
    near = consents.of_patient(patient)
    asked, alike, between = _asked_for(consents, patient)
    made = [
        consents.taken_with(elements, patient=whose)
        for elements, whose in ((alike, patient), (between, patient), (alike, None), (alike, patient))
    ]
    kept = [one.id for one in made if one is not None]
    if len(kept) < len(made):
        return  # by its own rules a server may refuse some of these
    ids, others = [kept[0], kept[3]], kept[1:3]

    for query in [(near, *one) for one in asked] + [(*one, near) for one in asked[:1]]:
        whole = consents.find(*query, include=ids, tolerant=True)
        if set(ids) <= whole.ids and not whole.ids & set(others):  # else the search is to blame, and not its pages
            if len(whole.pages) == 1:
                with verifying("r4.search.total-counts-matches-only"):
                    _total_is_right(whole)
            with verifying("r4.search.next-link-reaches-every-match"):
                found = consents.find(*query, ("_count", "1"), include=ids)
                expect.matches(found, include=ids, exclude=others)


def test_a_page_with_an_include(consents: Consents, verifying: Verifying) -> None:
    """A patient that the server holds has two consents. A page for one match holds one with the include as well.

    Its total is the number of the patient's consents.
    """
    if not (consents.may_create and consents.offers("include:patient")):
        return
    patient = consents.held()
    near = consents.of_patient(patient)
    ids = [consents.given("active", patient=patient).id for _ in range(2)]
    whole = consents.find(near, include=ids).ids

    page = consents.search([near, ("_count", "1"), PATIENT])

    if page.status != 200 or not set(ids) <= whole:
        return  # then the include or the search is to blame
    with verifying("r4.search.count-is-an-upper-bound"):
        _holds_at_most(1, page)
    if consents.find(near).ids == whole:  # others may write consents of this patient in between
        with verifying("r4.search.total-counts-matches-only"):
            _counts(len(whole), page)


def test_the_total(consents: Consents, verifying: Verifying) -> None:
    """A patient has several consents. A total is their number over all pages, with includes and without.

    So it is where a category of theirs selects as well.
    """
    near, ids = _several(consents)
    whole = consents.find(near, include=ids)
    with verifying("r4.search.total-counts-matches-only"):
        _total_is_right(whole)
    coded = [coding for match in whole.matches for coding in meaning.coded(match.get("category"))]
    if consents.offers("search:category") and coded:
        selected = consents.find(near, ("category", "|".join(coded[0])), tolerant=True)
        if len(selected.pages) == 1 and selected.ids and selected.ids <= whole.ids:  # else the search is to blame
            with verifying("r4.search.total-counts-matches-only"):
                _total_is_right(selected)

    if consents.offers("search:_count") and consents.offers("paging"):
        paged = consents.find(near, ("_count", _a_third(ids)), include=ids)
        if paged.ids == whole.ids:  # else the links between the pages are to blame
            with verifying("r4.search.total-counts-matches-only"):
                _total_is_right(paged)
    if consents.offers("include:patient") and consents.may_create:
        known = consents.given("active", patient=consents.held())
        included = consents.find(consents.of_patient(known.patient), PATIENT, include=[known.id])
        if len(included.pages) == 1:  # others may write consents of this patient between two pages
            with verifying("r4.search.total-counts-matches-only"):
                _total_is_right(included)


def test_the_total_of_other_searches(consents: Consents, verifying: Verifying) -> None:
    """A patient has several consents. Their number is the total of a search by POST, and of a summary that lists none.

    A search for one of them by its id has the total 1.
    """
    near, ids = _several(consents)
    whole = consents.find(near, include=ids)
    asked: list[tuple[tuple[str, str], Literal["GET", "POST"], set[str]]] = []
    if consents.offers("search:post"):
        asked.append((near, "POST", whole.ids))
    if consents.offers("search:_id"):
        asked.append((("_id", ids[0]), "GET", {ids[0]}))
    for query, method, expected in asked:
        found = consents.find(query, tolerant=True, method=method)
        if len(found.pages) == 1 and found.ids == expected:  # else the search is to blame
            with verifying("r4.search.total-counts-matches-only"):
                _total_is_right(found)
    summary = consents.search([near, ("_summary", "count")])
    if summary.status == 200 and summary.resource_type == "Bundle" and consents.find(near).ids == whole.ids:
        with verifying("r4.search.total-counts-matches-only"):
            _counts(len(whole.ids), summary)


def test_the_pages_of_a_long_result(consents: Consents, verifying: Verifying) -> None:
    """A patient has more consents than a page holds. The next links lead to all that are known, and to an end.

    They do as well where the first page of a search with an include has one.
    """
    known = list(consents.existing("active"))
    patients = dict.fromkeys(one.patient for one in known)
    long = next((one for one in patients if _goes_on(consents.search([consents.of_patient(one)]))), None)
    if long is None:
        raise consents.untestable(
            "no given patient has more consents than a page holds",
            remedy="name a consent of such a patient under given.consents, or remove the claim 'paging'",
        )
    ids = [one.id for one in known if one.patient == long]

    with verifying("oracle-health.search.page-links"):
        found = consents.find(consents.of_patient(long), include=ids)
        expect.matches(found, include=ids)
    if consents.offers("include:patient"):
        including = consents.search([consents.of_patient(long), PATIENT])
        if including.status == 200 and _goes_on(including):
            with verifying("oracle-health.search.page-links"):
                expect.matches(consents.paged(including), include=ids)


def _goes_on(page: Answer) -> bool:
    return page.resource_type == "Bundle" and next_link(page) is not None


def _total_is_right(found: Found) -> None:
    matches = len({str(match.get("id")) for match in found.matches})
    for page in found.pages:
        _counts(matches, page)


def _counts(matches: int, page: Answer) -> None:
    """The page says that there are so many matches, or nothing about it."""
    total = page.resource.get("total")
    if total is None:
        page.note("no total is given")
    else:
        number = isinstance(total, int) and not isinstance(total, bool)
        expect.true(number and total == matches, f"the total {matches}", f"the total {total!r}", page)


def _holds_at_most(limit: int, page: Answer) -> None:
    listed = len(Found((page,)).matches)
    expect.true(listed <= limit, f"at most {limit} matches on a page", f"{listed}", page)


def _asked_for(consents: Consents, patient: str) -> tuple[list[list[tuple[str, str]]], Json, Json]:
    """Parameters beside the patient, the elements of a consent that they find, and those of one that none finds."""
    asked: list[list[tuple[str, str]]] = []
    alike: Json = {}
    between: Json = {}
    if consents.offers("search:status"):
        asked.append([("status", "active")])
        between["status"] = "inactive"
    if consents.offers("search:category"):
        one, own = ({"system": "http://loinc.org", "code": code} for code in ("59284-0", "64292-6"))
        alike["category"] = [{"coding": [one]}, {"coding": [own]}]
        between["category"] = [{"coding": [one]}]
        second = ("category", f"{own['system']}|{own['code']}")
        asked.append([second])
        if consents.offers("multiple-values"):
            first, nowhere = (f"{one['system']}|{code}" for code in (one["code"], consents.unused_id()))
            asked += [[("category", f"{nowhere},{second[1]}")], [("category", f"{second[1]},{nowhere}")]]
            asked += [[("category", first), second], [second, ("category", first)]]
    if consents.offers("search:actor"):
        alike["provision.actor"] = [acting(patient)]
        asked.append([("actor", consents.typed(patient))])
    if consents.offers("search:period"):
        alike[consents.dialect.period_element] = {"start": "2036-02-01", "end": "2036-10-31"}
        between[consents.dialect.period_element] = {"start": "2032-02-01", "end": "2032-10-31"}
        asked.append([("period", "gt2034-06-01")])
    return asked, alike, between


def _a_third(ids: list[str]) -> str:
    """A count that needs several pages, and not many where a given patient has gathered consents over many runs."""
    return str(max(1, len(ids) // 3))


def _several(consents: Consents) -> tuple[tuple[str, str], list[str]]:
    """The search for a patient with several consents, and their ids; three are new, where some may be created."""
    patient = consents.patient() if consents.may_create else consents.one_of_several().patient
    near = consents.of_patient(patient)
    new = [consents.given("active", patient=patient).id for _ in range(3)] if consents.may_create else []
    ids = sorted(consents.find(near, include=new).ids)
    if len(ids) < 2 or not set(new) <= set(ids):
        raise consents.untestable(
            "the search does not find several consents of one patient",
            remedy="name a consent under given.consents whose patient has another one",
        )
    return near, ids
