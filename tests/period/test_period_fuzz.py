"""The package and an independent formulation of the same rules agree on generated cases.

`CONFORMANCE_FUZZ=200000 pytest tests -m fuzz` raises the number; `CONFORMANCE_FUZZ_SEED` picks another run of cases.
"""

import os

import pytest
import second_opinion
from generated_cases import generated_case

from conformance import period

CASES = int(os.environ.get("CONFORMANCE_FUZZ", "5000"))
SEED = os.environ.get("CONFORMANCE_FUZZ_SEED", "consent")
BATCHES = 20


@pytest.mark.fuzz
@pytest.mark.parametrize("batch", range(BATCHES))
def test_package_and_second_opinion_agree(batch: int) -> None:
    for number in range(batch, CASES, BATCHES):
        case = generated_case(f"{SEED}/{number}")
        says = f"case {SEED}/{number}: {case}"
        assert period.in_force(case.period, case.instant, case.zone) == second_opinion.in_force(
            case.period, case.instant, case.zone
        ), says
        assert period.search_matches(case.period, case.value, case.zone) == second_opinion.search_matches(
            case.period, case.value, case.zone
        ), says
        assert period.same(case.period, case.read_back) is second_opinion.same(case.period, case.read_back), says
        if all(second_opinion.is_date_time(text) for text in case.period.values()):
            assert period.order(case.period, case.zone) == second_opinion.order(case.period, case.zone), says


FIRM = {"yes", "no"}
LEFT_OUT = {("Pacific/Apia", "2011-12-30"), ("Pacific/Kiritimati", "1994-12-31")}  # such a day has no instant at all


@pytest.mark.fuzz
def test_laws_of_search_hold() -> None:
    """Laws that need no second opinion: prefixes that complement each other, wherever both answers are firm."""
    for number in range(CASES // 5):
        case = generated_case(f"{SEED}/laws/{number}")
        value = case.value.lstrip("abcdefghijklmnopqrstuvwxyz")
        found = {
            prefix: period.search_matches(case.period, prefix + value, case.zone)
            for prefix in ("eq", "ne", "lt", "gt", "le", "ge", "sa", "eb", "ap", "")
        }
        says = f"case {SEED}/laws/{number}: {case} {found}"
        assert found[""] == found["eq"], says
        if not case.period:
            assert set(found.values()) == {"no", "ambiguous"}, says
            continue
        for one, other in (("eq", "ne"), ("sa", "le"), ("eb", "ge")):
            if {found[one], found[other]} <= FIRM:
                assert found[one] != found[other], says
        if {found["lt"], found["ge"]} == {"no"}:
            assert (case.zone, case.period.get("start")) in LEFT_OUT, says
        assert found["ap"] != "no", says
        if found["eq"] == "yes":
            assert (found["ge"], found["le"], found["ap"]) == ("yes", "yes", "yes"), says
