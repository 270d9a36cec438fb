"""What cannot be read at all is said with line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import target
from conformance.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Refused = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            'base_url = "http://a"\nallow_writes = yes\n',
            ["target.toml:2:16: not TOML: invalid value; correct the file there"],
            id="syntax",
        ),
        pytest.param(
            'base_url = "http://a\n',
            ["target.toml:1:21: not TOML: illegal character '\\n'; correct the file there"],
            id="open-string",
        ),
        pytest.param(
            '[auth]\nkind = "none"\n# again\n  kind = "bearer"\n',
            ["target.toml:4:3: auth.kind is given twice, first in line 2; keep one of them"],
            id="key-twice",
        ),
        pytest.param(
            '[given]\npatients = [\n  "1",\n]\npatients = [\n  "2",\n]\n',
            ["target.toml:5:1: given.patients is given twice, first in line 2; keep one of them"],
            id="list-twice",
        ),
        pytest.param(
            '[auth]\nkind = "none"\n[http]\n[auth]\n',
            ["target.toml:4:1: auth is given twice, first in line 1; keep one of them"],
            id="table-twice",
        ),
        pytest.param(
            "tls = { verify = true, verify = false }\n",
            ["target.toml:1:38: not TOML: duplicate inline table key 'verify'; correct the file there"],
            id="inline-key-twice",
        ),
        pytest.param(
            '\ufeffbase_url = "http://a"\n',
            ["target.toml:1:1: begins with a byte order mark; save the file as UTF-8 without one"],
            id="byte-order-mark",
        ),
    ],
)
def test_broken_toml(text: str, said: list[str], target_refused: Refused) -> None:
    assert target_refused(text) == said


def test_keys_in_long_texts_are_not_mistaken_for_repeated_ones(target_refused: Refused) -> None:
    text = '[[exclude]]\nrequirement = "a.b.c"\nreason = """\nowner = 1\n"""\nowner = "x"\nowner = "y"\n'

    assert target_refused(text) == [
        "target.toml:7:1: exclude[1].owner is given twice, first in line 6; keep one of them"
    ]


def test_other_encodings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_bytes('base_url = "http://a"\n# Läkare\n'.encode("latin-1"))

    with pytest.raises(UsageError, match=r"target\.toml:2: not UTF-8; save the file as UTF-8"):
        target.load(path, environ={})


def test_a_missing_file_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "staging.toml").touch()

    with pytest.raises(UsageError, match=r"stagin\.toml: no such file; did you mean 'staging\.toml'\?"):
        target.load(tmp_path / "stagin.toml", environ={})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder; name a file"):
        target.load(tmp_path, environ={})
