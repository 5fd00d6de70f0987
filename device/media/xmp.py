"""XMP packets (ISO 16684-1): properties put in, put out, everything else left as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.dom import minidom
from xml.parsers.expat import ExpatError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_HEAD = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = b'\n<?xpacket end="w"?>'
_EMPTY = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="%b"/></x:xmpmeta>' % RDF.encode()
_LARGEST = 1 << 24


class Name(NamedTuple):
    """A property: its namespace, the prefix that is usual for it, and its own name."""

    namespace: str
    prefix: str
    local: str


class BrokenXmp(ValueError):
    """Not XMP, or more than we care to take apart."""


def merge(
    packet: bytes | None,
    *,
    put: Mapping[Name, str] | None = None,
    put_if_absent: Mapping[Name, str] | None = None,
    drop: Collection[Name] = (),
) -> bytes:
    """Return ``packet`` (None: a new one) with simple text properties put in and properties dropped.

    What else is in it stays, with its own prefixes and in its own order. Raises BrokenXmp.
    """
    put, absent = dict(put or {}), put_if_absent or {}
    document = _parse(_EMPTY if packet is None else packet)
    rdf = _rdf(document)
    descriptions = [
        node for node in _elements(rdf) if (node.namespaceURI, node.localName) == (RDF, "Description")
    ]
    put.update({name: text for name, text in absent.items() if not _has(descriptions, name)})
    for description in descriptions:
        for name in (*put, *drop):
            _remove(description, name)
    if put:
        about = descriptions[0].getAttributeNS(RDF, "about") if descriptions else ""
        rdf.appendChild(_description(document, rdf.prefix, about, put))
    try:
        text = "".join(node.toxml() for node in document.childNodes if isinstance(node, minidom.Element))
    except RecursionError as error:
        raise BrokenXmp("nested too deeply") from error
    return b"".join((_HEAD, text.encode(), _TAIL))


def _parse(packet: bytes) -> minidom.Document:
    if len(packet) > _LARGEST:
        raise BrokenXmp(f"larger than {_LARGEST >> 20} MiB")
    packet = packet.strip(b"\0 \t\r\n").removeprefix(b"\xef\xbb\xbf")
    # Without a document type nothing can be expanded, and other encodings can't hide one.
    if b"<!DOCTYPE" in packet or b"\0" in packet:
        raise BrokenXmp("not plain XMP")
    try:
        return minidom.parseString(packet)  # noqa: S318  # see above
    except (ExpatError, ValueError, RecursionError) as error:
        raise BrokenXmp("not XML") from error


def _rdf(document: minidom.Document) -> minidom.Element:
    """The RDF in the document: its root, or within the root."""
    root = document.documentElement
    assert root is not None  # noqa: S101  # a document that was parsed has one
    for element in (root, *_elements(root)):
        if (element.namespaceURI, element.localName) == (RDF, "RDF"):
            return element
    raise BrokenXmp("no RDF in it")


def _elements(parent: minidom.Element) -> Iterator[minidom.Element]:
    return (node for node in list(parent.childNodes) if isinstance(node, minidom.Element))


def _has(descriptions: list[minidom.Element], name: Name) -> bool:
    """Whether one of them has it, as an attribute or as an element."""
    return any(
        description.hasAttributeNS(name.namespace, name.local)
        or any(
            (node.namespaceURI, node.localName) == (name.namespace, name.local)
            for node in _elements(description)
        )
        for description in descriptions
    )


def _remove(description: minidom.Element, name: Name) -> None:
    if description.hasAttributeNS(name.namespace, name.local):
        description.removeAttributeNS(name.namespace, name.local)
    for node in _elements(description):
        if (node.namespaceURI, node.localName) == (name.namespace, name.local):
            description.removeChild(node)


def _description(
    document: minidom.Document, rdf_prefix: str | None, about: str, properties: Mapping[Name, str]
) -> minidom.Element:
    """One ``rdf:Description`` that declares its own prefixes."""
    rdf = f"{rdf_prefix}:" if rdf_prefix else ""
    description = document.createElementNS(RDF, f"{rdf}Description")
    # An attribute has a namespace only by a prefix; ``rdf`` is declared anew where the packet has none.
    if not rdf_prefix:
        description.setAttribute("xmlns:rdf", RDF)
    description.setAttributeNS(RDF, f"{rdf or 'rdf:'}about", about)
    for namespace, prefix, local in sorted(properties):
        description.setAttribute(f"xmlns:{prefix}", namespace)
        element = document.createElementNS(namespace, f"{prefix}:{local}")
        element.appendChild(document.createTextNode(properties[Name(namespace, prefix, local)]))
        description.appendChild(element)
    return description
