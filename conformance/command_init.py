"""`consent-conformance init BASE_URL`: looks at a server, asks what it cannot see, and writes a target.toml."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import first_target, packs
from conformance import target as targets
from conformance.first_target import NEEDS, PROPOSED, VARIABLES
from conformance.model import Unreachable, UsageError
from conformance.recorder import printable

if TYPE_CHECKING:
    import argparse

QUESTIONS = {
    "username": "User name",
    "name": "Name of the header",
    "client_id": "Client id",
    "key": "File with the client's private key (PEM or JSON Web Key)",
    "scope": "Scopes to ask for",
    "command": "Command that prints a token",
}


def init(options: argparse.Namespace) -> int:
    """Write the file: 0 written, 2 usage error, 3 the server does not answer.

    Raises:
        UsageError: the file is there already, or an option is wrong.

    """
    path = Path(options.output)
    if path.exists() and not options.force:
        raise UsageError(f"{path}: is there already; give another --output, or --force to write over it")
    if not path.parent.is_dir():
        raise UsageError(f"--output: no folder '{path.parent}'; make it first")
    if options.pack:
        packs.load(options.pack)
    said: dict[str, object] = {"base_url": options.base_url}
    if options.ca is not None:
        said["tls"] = {"ca": str(options.ca)}
    probe = targets.from_dict(said, where="init", environ=os.environ)
    try:
        seen = first_target.look(probe)
    except Unreachable as problem:
        remedy = "; give that CA by --ca FILE" if "tls.ca" in str(problem) and options.ca is None else ""
        print(f"consent-conformance: {printable(str(problem))}{remedy}", file=sys.stderr)
        return 3
    pack = options.pack or first_target.fitting(seen)
    kind = options.auth or seen.kind
    asks = not options.yes and sys.stdin.isatty()
    if asks:
        print(f"GET /metadata gave {seen.said}; without credentials it {'refuses' if seen.protected else 'answers'}.")
        pack = options.pack or _asked(f"Pack ({', '.join(packs.available())})", pack, among=packs.available())
        kind = options.auth or _asked(f"Credentials ({', '.join(NEEDS)})", kind, among=tuple(NEEDS))
    answers = {"kind": kind, "allow_writes": "false"}
    for key in NEEDS[kind]:
        answers[key] = _answer(kind, key, asks=asks)
    if asks:
        writes = _asked("May the suite create, change and remove consents there (yes, no)", "no", among=("yes", "no"))
        answers["allow_writes"] = "true" if writes == "yes" else "false"
    ca = os.path.relpath(options.ca.resolve(), path.parent.resolve()) if options.ca is not None else ""
    path.write_text(first_target.written(probe.base_url, pack, seen, answers, ca=ca), encoding="utf-8")
    print(f"{path} is written, for pack {pack}.")
    for step in _next(path, answers):
        print(step)
    return 0


def _next(path: Path, answers: dict[str, str]) -> list[str]:
    variable = next((value for key, value in answers.items() if key.endswith("_env")), None)
    steps = []
    if answers["kind"] != "none":
        steps.append(f"Look at [auth] in {path}: are its values yours?")
    if variable is not None and not os.environ.get(variable):
        steps.append(f"Set {variable} in the environment.")
    if answers["kind"] == "backend-services":
        steps.append(f"Register the client's public key: consent-conformance jwks {answers['key']}")
    return [*steps, f"Then: consent-conformance doctor --target {path}"]


def _answer(kind: str, key: str, *, asks: bool) -> str:
    if key.endswith("_env"):
        proposed = VARIABLES[kind][1]
        return _asked("Name of the environment variable that holds the secret", proposed) if asks else proposed
    return _asked(QUESTIONS[key], PROPOSED[key]) if asks else PROPOSED[key]


def _asked(question: str, proposed: str, *, among: tuple[str, ...] = ()) -> str:
    """What is typed, or what is proposed; asked again until it is one of `among`."""
    while True:
        try:
            typed = input(f"{question} [{proposed}]: ").strip() or proposed
        except EOFError:
            raise UsageError("the answers ended early; give --yes to take what is proposed") from None
        if not among or typed in among:
            return typed
        print(f"one of: {', '.join(among)}")
