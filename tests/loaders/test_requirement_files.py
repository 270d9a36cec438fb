"""requirements/*.toml and the catalogue made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import packs
from conformance.catalogue import read_requirements
from conformance.model import Basis, Level, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Files = Callable[..., Path]

ROW = """
    [[requirement]]
    id = "clinic.close.end-is-kept"
    level = "SHALL"
    basis = "documented"
    source = "Consent guide 1.0, page 3"
    text = "The end is kept."
    applies_when = ["update", "read"]
    restates = ["r4.update.read-back-is-the-new-content"]
    replaces = ["clinic.read.existing-is-ok"]

    [[requirement]]
    id = "clinic.close.is-logged"
    level = "MAY"
    basis = "inferred"
    source = "Consent guide 1.0, page 4"
    text = "Closing is logged."
    not_tested = "no interface shows the log"
"""


def test_one_file(write: Files) -> None:
    kept, logged = read_requirements(write("close.toml", ROW), pack="clinic")

    assert kept.id == "clinic.close.end-is-kept"
    assert (kept.level, kept.basis, kept.set) == (Level.SHALL, Basis.DOCUMENTED, "clinic/close")
    assert (kept.source, kept.text) == ("Consent guide 1.0, page 3", "The end is kept.")
    assert kept.applies_when == ("update", "read")
    assert kept.restates == ("r4.update.read-back-is-the-new-content",)
    assert kept.replaces == ("clinic.read.existing-is-ok",)
    assert kept.not_tested is None
    assert kept.can_fail
    assert (logged.applies_when, logged.restates, logged.replaces) == ((), (), ())
    assert logged.not_tested == "no interface shows the log"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'text = "The end',
            'check = "…"\ntext = "The end',
            (
                ":7: requirement[1].check (clinic.close.end-is-kept): unknown key; there are: applies_when, "
                "basis, id, level, not_tested, replaces, restates, source, text"
            ),
        ),
        (
            '"SHALL"',
            '"MUST"',
            ":4: requirement[1].level (clinic.close.end-is-kept): 'MUST' is not known; there are: MAY, SHALL, SHOULD",
        ),
        (
            '"documented"',
            '"Documented"',
            (
                ":5: requirement[1].basis (clinic.close.end-is-kept): 'Documented' is not known; did you mean "
                "'documented'?"
            ),
        ),
        (
            'level = "MAY"',
            "level = 1",
            ":14: requirement[2].level (clinic.close.is-logged): 1 is not known; there are: MAY, SHALL, SHOULD",
        ),
        (
            '    level = "MAY"\n',
            "",
            ":12: requirement[2].level (clinic.close.is-logged): missing; one of: SHALL, SHOULD, MAY",
        ),
        (
            "clinic.close.is-logged",
            "clinic.logged",
            (
                ":13: requirement[2].id (clinic.logged): 'clinic.logged' does not fit; expected: words joined "
                "by hyphens, at least three of them joined by dots: where it comes from, topic, point, such as "
                "'r4.read.existing-is-ok'"
            ),
        ),
        (
            "clinic.close.is-logged",
            "clinic.close.end-is-kept",
            (
                ":13: requirement[2].id (clinic.close.end-is-kept): 'clinic.close.end-is-kept' is the id of "
                "row 1 as well; rename one"
            ),
        ),
        (
            '["update", "read"]',
            '["update", "raed"]',
            ":8: requirement[1].applies_when[2] (clinic.close.end-is-kept): 'raed' is no claim; did you mean 'read'?",
        ),
        (
            '["update", "read"]',
            '"update"',
            (
                ":8: requirement[1].applies_when (clinic.close.end-is-kept): 'update' is text, not a list; "
                "expected: the claims that a system must make for this to apply; none: always"
            ),
        ),
        (
            '"The end is kept."',
            '""',
            (
                ":7: requirement[1].text (clinic.close.end-is-kept): is empty; expected: one sentence that "
                "must be true of the server"
            ),
        ),
    ],
)
def test_a_mistake_is_said_with_row_and_remedy(old: str, new: str, said: str, write: Files) -> None:
    assert old in ROW

    with pytest.raises(UsageError) as caught:
        read_requirements(write("close.toml", ROW.replace(old, new, 1)), pack="clinic")

    assert str(caught.value).endswith(f"/close.toml{said}")


def test_an_empty_file_holds_no_requirement(write: Files) -> None:
    with pytest.raises(
        UsageError, match=r"close\.toml: requirement: missing; expected: One sentence of a source per row"
    ):
        read_requirements(write("close.toml", ""), pack="clinic")


def test_the_catalogue_finds_by_id_and_says_what_is_near(pack: Path) -> None:
    catalogue = packs.load(pack).catalogue

    assert catalogue.ids() == ("clinic.read.existing-is-ok", "clinic.create.answers-with-location")
    assert catalogue["clinic.read.existing-is-ok"].level is Level.SHALL
    assert "clinic.read.existing-is-ok" in catalogue
    with pytest.raises(
        UsageError, match=r"^no requirement 'clinic\.read\.existing' in this pack; did you mean '.*-is-ok'"
    ):
        catalogue["clinic.read.existing"]


def test_what_applies_follows_from_claims(pack: Path, write: Files) -> None:
    write(
        "clinic/requirements/close.toml",
        ROW.replace("r4.update.read-back-is-the-new-content", "clinic.close.is-logged"),
    )
    catalogue = packs.load(pack).catalogue

    assert catalogue.replaced() == {"clinic.read.existing-is-ok": "clinic.close.end-is-kept"}
    assert catalogue.applicable({"create", "update"}) == {
        "clinic.close.end-is-kept": "not claimed: read",
        "clinic.close.is-logged": "no interface shows the log",
        "clinic.read.existing-is-ok": "not claimed: read",
        "clinic.create.answers-with-location": "",
    }
    assert catalogue.applicable({"read"})["clinic.close.end-is-kept"] == "not claimed: update"


def test_a_requirement_replaces_another_only_where_it_applies(pack: Path, write: Files) -> None:
    write(
        "clinic/requirements/close.toml",
        ROW.replace("r4.update.read-back-is-the-new-content", "clinic.close.is-logged"),
    )
    catalogue = packs.load(pack).catalogue

    everything = catalogue.applicable({"create", "read", "update"})
    assert everything["clinic.read.existing-is-ok"] == "replaced by clinic.close.end-is-kept"
    assert catalogue.applicable({"read"})["clinic.read.existing-is-ok"] == ""


def test_the_digest_is_of_the_sentences_and_not_of_their_order_or_file(pack: Path, change: Callable[..., None]) -> None:
    before = packs.load(pack).catalogue.digest
    core = pack / "requirements" / "core.toml"
    first, second = core.read_text().split("\n\n")
    core.write_text(f"{second}\n{first}\n")
    core.rename(core.with_name("other.toml"))
    moved = packs.load(pack).catalogue.digest
    change("can be read.", "can be read twice.", file="requirements/other.toml")

    assert len(before) == 64
    assert moved == before
    assert packs.load(pack).catalogue.digest != before


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            'restates = ["clinic.read.exists"]',
            (
                "restates[1] (clinic.create.answers-with-location): no requirement 'clinic.read.exists' in any "
                "pack; did you mean 'clinic.read.existing-is-ok'?"
            ),
        ),
        (
            'replaces = ["clinic.create.answers-with-location"]',
            "replaces[1] (clinic.create.answers-with-location): names its own row; remove it",
        ),
    ],
)
def test_restated_and_replaced_requirements_exist(
    row: str, said: str, pack: Path, refused: Callable[[], list[str]]
) -> None:
    core = pack / "requirements" / "core.toml"
    core.write_text(f"{core.read_text()}{row}\n")

    assert refused() == [f"requirements/core.toml:17: requirement[2].{said}"]


def test_a_requirement_of_a_pack_that_is_not_included_may_be_restated(pack: Path) -> None:
    core = pack / "requirements" / "core.toml"
    (other, *_) = packs.load(packs.available()[0]).catalogue.ids()
    core.write_text(f'{core.read_text()}restates = ["{other}"]\n')

    assert packs.load(pack).catalogue["clinic.create.answers-with-location"].restates == (other,)


def test_ids_are_unique_over_all_files_of_a_pack(pack: Path, write: Files, refused: Callable[[], list[str]]) -> None:
    write("clinic/requirements/twin.toml", (pack / "requirements" / "core.toml").read_text().split("\n\n")[0])

    assert refused() == [
        (
            "requirements/twin.toml:3: requirement[1].id (clinic.read.existing-is-ok): "
            "'clinic.read.existing-is-ok' stands in clinic/core as well; ids are never reused"
        )
    ]
