"""The commands that prepare a run: what they take. What they do is imported when one of them is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


KINDS = ("none", "bearer", "basic", "header", "client-credentials", "backend-services", "command")
DOCTOR = "exit codes: 0 a run can start, 2 usage error, 3 something keeps it from verifying anything"


def add_to(commands: Any) -> None:
    """Add the subcommands to those of `consent-conformance`."""
    first = commands.add_parser("init", help="look at a server and write a target.toml for it")
    first.add_argument("base_url", metavar="BASE_URL", help="the FHIR base of the server")
    first.add_argument("--output", metavar="FILE", default="target.toml", help="default: target.toml")
    first.add_argument("--force", action="store_true", help="write over a file that is there")
    first.add_argument("--yes", action="store_true", help="ask nothing, take what is proposed")
    first.add_argument("--pack", metavar="NAME", help="the pack, in place of the proposed one")
    first.add_argument("--auth", metavar="KIND", choices=KINDS, help=f"one of {', '.join(KINDS)}")
    first.add_argument("--ca", metavar="FILE", type=Path, help="the CA that signed the server's certificate, PEM")
    first.set_defaults(perform=_init)

    look = commands.add_parser("doctor", help="look at a target before a run, and say what it means", epilog=DOCTOR)
    look.add_argument("--target", metavar="FILE", help="default: target.toml in this folder")
    look.add_argument("--base-url", metavar="URL", help="the FHIR base, in place of the file's")
    look.add_argument("--pack", metavar="NAME", help="the pack, in place of the file's")
    look.add_argument("--format", choices=["text", "json"], default="text")
    look.set_defaults(perform=_doctor)

    keys = commands.add_parser("jwks", help="the public half of a client's private key, to register at a server")
    keys.add_argument("key", metavar="KEY_FILE", type=Path, help="a private key, PEM or JSON Web Key (Set)")
    keys.add_argument("--key-id", metavar="KID", help="which key of a set; or the name of a key that has none")
    keys.add_argument("--password-env", metavar="VARIABLE", help="where the password of an encrypted key is")
    keys.set_defaults(perform=_jwks)

    keep = commands.add_parser("keep", help="try again in every run what generated requests have found in one")
    keep.add_argument("finding", metavar="FINDING", help="id of the requirement, or its script in findings/")
    keep.add_argument(
        "--report-dir", metavar="DIR", type=Path, help="where the reports of the run are (default: reports)"
    )
    into = keep.add_mutually_exclusive_group()
    into.add_argument("--target", metavar="FILE", type=Path, help="keep it for this target (default: target.toml)")
    into.add_argument("--pack", metavar="NAME", help="keep it in this pack, or in the folder of one")
    keep.set_defaults(perform=_keep)


def _init(options: argparse.Namespace) -> int:
    from conformance.command_init import init  # noqa: PLC0415 - see above

    return init(options)


def _doctor(options: argparse.Namespace) -> int:
    from conformance.command_doctor import doctor  # noqa: PLC0415 - see above

    return doctor(options)


def _jwks(options: argparse.Namespace) -> int:
    from conformance.command_jwks import jwks  # noqa: PLC0415 - see above

    return jwks(options)


def _keep(options: argparse.Namespace) -> int:
    from conformance.command_keep import keep  # noqa: PLC0415 - see above

    for line in keep(options.finding, report_dir=options.report_dir, target=options.target, pack=options.pack):
        print(line)
    return 0
