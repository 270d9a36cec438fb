"""The narrative: well-formed XHTML, formatting and links only, with content (https://hl7.org/fhir/R4/narrative.html).

The elements and attributes are those of HTML 4.0 chapters 7 to 11 (without section 4 of chapter 9) and 15, links with
name or href, images, and style attributes, as txt-1 says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator

XHTML = "http://www.w3.org/1999/xhtml"
_PREFIX = f"{XHTML} "
_SKIP = len(_PREFIX)

_ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "area",
        "b",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "kbd",
        "li",
        "map",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "center",
        "font",
    ]
)
_ATTRIBUTES = frozenset(
    [
        "id",
        "class",
        "title",
        "style",
        "lang",
        "dir",
        "xml:lang",
        "accesskey",
        "tabindex",
        "align",
        "valign",
        "char",
        "charoff",
        "width",
        "height",
        "abbr",
        "axis",
        "headers",
        "scope",
        "rowspan",
        "colspan",
        "nowrap",
        "span",
        "border",
        "frame",
        "rules",
        "cellspacing",
        "cellpadding",
        "summary",
        "cite",
        "datetime",
        "href",
        "name",
        "charset",
        "type",
        "hreflang",
        "rel",
        "rev",
        "shape",
        "coords",
        "src",
        "alt",
        "longdesc",
        "usemap",
        "ismap",
        "nohref",
        "clear",
        "compact",
        "start",
        "value",
        "size",
        "noshade",
        "bgcolor",
        "color",
        "face",
        "hspace",
        "vspace",
        "xml:space",
        "space",
    ]
)
_ACTIVE = re.compile(r"^[\s\x00-\x20]*(?:javascript|vbscript|livescript|data:text/html)", re.IGNORECASE)
_ACTIVE_STYLE = re.compile(r"expression\s*\(|javascript:|vbscript:|@import|behavior\s*:|-moz-binding", re.IGNORECASE)
_BEGIN = f'<div xmlns="{XHTML}">'
_NAME = re.compile(r"<([^\s/>]+)")
_ATTRIBUTE = re.compile(r"\s([^\s\"'<>/=]+)\s*=\s*[\"']")
_TEXT = re.compile(r">[^<]*[^<\s]")
_LEADS = frozenset({"href", "src", "cite", "longdesc", "usemap"})
_SUSPECT = ("script", "data:", "expression", "import", "behavior", "binding")
_DECLARED = re.compile(r"<\s*(?:!DOCTYPE|!ENTITY|\?xml)", re.IGNORECASE)


def flaws(div: str) -> Iterator[tuple[str, str]]:
    """Rule key and sentence for everything that is wrong with a div; nothing for a good one."""
    if _is_simple(div):
        return
    if _DECLARED.search(div):
        yield "narrative-xml", "a div holds no document type, entity or XML declaration"
        return
    reading = _Reading()
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    parser.ProcessingInstructionHandler = reading.instruction
    try:
        parser.Parse(div.encode(errors="replace"), True)
    except expat.ExpatError as error:
        yield "narrative-xml", f"the div is not well-formed XML: {error}"
        return
    yield from reading.found
    if not reading.has_content and not any(rule == "narrative-xml" for rule, _ in reading.found):
        yield "txt-2", "the div has no content: text or an image is needed"


def _is_simple(div: str) -> bool:
    """Whether a div is good at a glance: well-formed, with allowed names only, nothing suspect, and with content.

    Saves following the parser through most narratives step by step. False says nothing.
    """
    if not div.startswith(_BEGIN) or "<!" in div or "<?" in div or "&#" in div or div.count("xmlns") > 1:
        return False
    names = set(_NAME.findall(div))
    if not names <= _ELEMENTS or (div.count("=") > 1 and not _are_simple(div)):
        return False
    if "img" not in names and not _TEXT.search(div):
        return False
    try:
        expat.ParserCreate("utf-8").Parse(div.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError):
        return False
    return True


def _are_simple(div: str) -> bool:
    """Whether the attributes of a div are allowed, and nothing in it even looks active."""
    lower = div.lower()
    attributes = set(_ATTRIBUTE.findall(div)) - {"xmlns"}
    return attributes <= _ATTRIBUTES and not any(word in lower for word in _SUSPECT)


def _is_active(attribute: str, value: str) -> bool:
    if attribute in _LEADS:
        return _ACTIVE.match(value) is not None
    return attribute == "style" and _ACTIVE_STYLE.search(value) is not None


class _Reading:
    """What was seen while one div was read."""

    __slots__ = ("depth", "found", "has_content")

    def __init__(self) -> None:
        self.depth = 0
        self.found: list[tuple[str, str]] = []
        self.has_content = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name[_SKIP:] if name.startswith(_PREFIX) else None
        if self.depth == 0 and local != "div":
            found = name.replace(" ", "#") if " " in name else f"{name} without namespace"
            self.found.append(("narrative-xml", f"the narrative is one div in the namespace {XHTML}; found {found}"))
        elif local is None:
            self.found.append(
                ("narrative-xml", f"the element {name.rpartition(' ')[2]!r} is not in the namespace {XHTML}")
            )
        elif local not in _ELEMENTS:
            self.found.append(("txt-1", f"the element {local!r} is not allowed: formatting, links and images only"))
        self.depth += 1
        if local == "img":
            self.has_content = True
        for attribute, value in attributes.items():
            self._attribute(local or name, attribute.replace("http://www.w3.org/XML/1998/namespace ", "xml:"), value)

    def _attribute(self, element: str, attribute: str, value: str) -> None:
        if attribute not in _ATTRIBUTES:
            self.found.append(("txt-1", f"the attribute {attribute!r} of {element!r} is not allowed"))
        elif _is_active(attribute, value):
            self.found.append(("txt-1", f"the attribute {attribute!r} of {element!r} is active content"))

    def end(self, _name: str) -> None:
        self.depth -= 1

    def text(self, data: str) -> None:
        if not self.has_content and data.strip():
            self.has_content = True

    def instruction(self, target: str, _data: str) -> None:
        self.found.append(("txt-1", f"the processing instruction {target!r} is not allowed"))
