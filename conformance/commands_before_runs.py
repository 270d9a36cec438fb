"""The commands that prepare a run: what they take. What they do is imported when one of them is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add_to(commands: Any) -> None:
    """Add the subcommands to those of `consent-conformance`."""
    keys = commands.add_parser("jwks", help="the public half of a client's private key, to register at a server")
    keys.add_argument("key", metavar="KEY_FILE", type=Path, help="a private key, PEM or JSON Web Key (Set)")
    keys.add_argument("--key-id", metavar="KID", help="which key of a set; or the name of a key that has none")
    keys.add_argument("--password-env", metavar="VARIABLE", help="where the password of an encrypted key is")
    keys.set_defaults(perform=_jwks)


def _jwks(options: argparse.Namespace) -> int:
    from conformance.command_jwks import jwks  # noqa: PLC0415 - see above

    return jwks(options)
