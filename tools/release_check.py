# ruff: noqa: T201, S603, INP001 - a script that prints and calls Python
"""Is this fit to be released? Builds, reads the metadata back, and installs the wheel on every Python that is here.

Run: python tools/release_check.py     (make release-check)

On each interpreter from 3.11 to 3.14 that is found, the wheel goes into a fresh environment, off the checkout, and
certifies the embedded server there. What is not found is said. Exit code 1 when anything went wrong.
"""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "release"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")
RUN = ("run", "--pack", "r4", "--only", "r4.read", "--only", "r4.create")


def main() -> int:
    """Every step; prints a line for each."""
    shutil.rmtree(BUILD, ignore_errors=True)
    call(sys.executable, "-m", "build", "--outdir", BUILD, ROOT)
    wheel, source = next(BUILD.glob("*.whl")), next(BUILD.glob("*.tar.gz"))
    wrong = metadata(wheel)
    call(sys.executable, "-m", "twine", "check", "--strict", wheel, source)
    print(f"built      {wheel.name} ({wheel.stat().st_size / 1e6:.1f} MB), {source.name}")
    tried = 0
    for version in VERSIONS:
        python = interpreter(version)
        if python is None:
            print(f"{version}       not here: not tried")
            continue
        tried += 1
        wrong += installed(python, version, wheel)
    if not tried:
        wrong.append("no Python from 3.11 to 3.14 was found")
    for line in wrong:
        print(f"WRONG      {line}")
    return 1 if wrong else 0


def metadata(wheel: Path) -> list[str]:
    """What the wheel says of itself that the project does not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        said = email.message_from_bytes(archive.read(next(name for name in names if name.endswith("/METADATA"))))
    wrong = [
        f"{key} is {said[key]}, and {wanted} in pyproject.toml"
        for key, wanted in (("Name", project["name"]), ("Version", project["version"]))
        if said[key] != wanted
    ]
    for folder in ("profiles", "fixtures"):
        here = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        there = {name.removeprefix("conformance/_data/") for name in names}
        missing = sorted(name for name in here - there if "__pycache__" not in name)
        wrong += [f"{name} is not in the wheel" for name in missing[:5]]
    wrong += [f"{name} is in the wheel" for name in names if name.startswith(("tests/", "reports/", "benchmarks/"))][:5]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if f"## {project['version']}" not in changelog:
        wrong.append(f"CHANGELOG.md says nothing of {project['version']}")
    return wrong


def interpreter(version: str) -> str | None:
    """A Python of that version: on the path, or among those of pyenv."""
    own = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    for candidate in (shutil.which(f"python{version}"), *map(str, own)):
        if candidate is None:
            continue
        asked = subprocess.run(
            [candidate, "-c", "import sys, venv, ensurepip; print(sys.version)"], check=False, capture_output=True
        )
        if asked.returncode == 0 and asked.stdout.decode().startswith(f"{version}."):
            return candidate
    return None


def installed(python: str, version: str, wheel: Path) -> list[str]:
    """Install the wheel into an environment of its own, and use it from a folder of its own."""
    folder = BUILD / version
    own = folder / "env" / "bin"
    call(python, "-m", "venv", folder / "env")
    call(own / "python", *PIP, wheel)
    how = {"cwd": folder, "env": environment(), "capture_output": True, "text": True}
    commands = ([own / "consent-conformance", *RUN], [own / "pytest", "--pyargs", "conformance.checks", "-q", *RUN[1:]])
    ended = [subprocess.run(command, check=False, **how) for command in commands]
    # What is left out by --only was not run: a partial run is incomplete, 3 and 1.
    report = folder / "reports" / "results.json"
    codes = [done.returncode for done in ended]
    fine = codes == [3, 1] and report.is_file() and '"fail": 0' in report.read_text("utf-8")
    print(f"{version}       {'works' if fine else 'DOES NOT WORK'} ({python})")
    return [] if fine else [f"{version}: exit codes {codes}\n" + "".join(done.stdout + done.stderr for done in ended)]


def environment() -> dict[str, str]:
    """The shell's, without what would lead back into the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}


def call(*words: object) -> None:
    """Run a command, and end with what it said when it fails."""
    done = subprocess.run([str(word) for word in words], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
