"""`consent-conformance jwks KEY`: the public half of a client's key, in the form in which servers register it."""

from __future__ import annotations

import getpass
import json
import os
import sys
from typing import TYPE_CHECKING

from conformance import private_keys
from conformance.model import UsageError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def jwks(options: argparse.Namespace) -> int:
    """Print the JSON Web Key Set of a private key; an encrypted one asks for its password on a terminal.

    Raises:
        UsageError: there is no key that can be used.

    """
    path: Path = options.key
    password = os.environ.get(options.password_env, "") if options.password_env else None
    if password == "":
        raise UsageError(f"--password-env: the environment variable {options.password_env} is not set; set it first")
    try:
        try:
            key = private_keys.load(path, password=password, key_id=options.key_id)
        except private_keys.Encrypted:
            if not sys.stdin.isatty():
                raise
            key = private_keys.load(path, password=getpass.getpass(f"Password of {path}: "), key_id=options.key_id)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read ({problem.strerror}); name the file with the private key") from None
    except private_keys.Encrypted:
        raise UsageError(f"{path}: is encrypted; name its password by --password-env VARIABLE") from None
    except ValueError as problem:
        raise UsageError(f"{path}: {problem}") from None
    print(json.dumps(key.public_jwks(), indent=2))
    return 0
