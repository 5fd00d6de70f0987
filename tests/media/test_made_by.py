from __future__ import annotations

import io
from typing import TYPE_CHECKING
from xml.dom import minidom

import pytest
from exiftool import read_tags
from PIL import Image

from device.media.jpeg_segments import insert, xmp_segment
from device.media.made_by import DIGITAL_SOURCE_TYPE, MadeBy
from device.media.xmp import RDF, BrokenXmp, Name, merge

if TYPE_CHECKING:
    from pathlib import Path

OURS = {
    "XMP-iptcExt:DigitalSourceType": DIGITAL_SOURCE_TYPE,
    "XMP-iptcExt:AISystemUsed": "tintcast, network compact",
    "XMP-iptcExt:AISystemVersionUsed": "1.2.3",
}
THEIRS = (
    """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="uuid:7" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:my="urn:my"
   xmlns:E="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xap="http://ns.adobe.com/xap/1.0/"
   E:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/print" xap:Rating="4">
  <dc:subject><rdf:Bag><rdf:li>Zürich &amp; Umgebung</rdf:li><rdf:li>Tram</rdf:li></rdf:Bag></dc:subject>
  <xap:CreatorTool>Scanner 9</xap:CreatorTool><my:shelf>B 12</my:shelf>
 </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()
    + b"\n" * 300
    + b"\0"
)


def jpeg_with(packet: bytes, path: Path) -> Path:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(file, "JPEG")
    path.write_bytes(insert(file.getvalue(), [xmp_segment(packet)]))
    return path


def test_a_stranger_reads_who_made_the_colour(tmp_path: Path) -> None:
    found = read_tags(jpeg_with(MadeBy("compact", "1.2.3").xmp(), tmp_path / "a.jpg"))
    assert OURS.items() <= found.items()
    assert found["XMP-xmp:CreatorTool"] == "tintcast 1.2.3"


def test_what_was_there_stays(tmp_path: Path) -> None:
    packet = MadeBy("compact", "1.2.3").xmp(THEIRS)
    found = read_tags(jpeg_with(packet, tmp_path / "a.jpg"))
    assert OURS.items() <= found.items()
    assert found["XMP-dc:Subject"] == ["Zürich & Umgebung", "Tram"]
    assert (found["XMP-xmp:Rating"], found["XMP-xmp:CreatorTool"]) == (4, "Scanner 9")
    assert found["XMP-rdf:About"] == "uuid:7"
    assert b"<my:shelf>B 12</my:shelf>" in packet
    assert packet.count(b"DigitalSourceType>") == 2
    assert MadeBy("compact", "1.2.3").xmp(packet).count(b"DigitalSourceType>") == 2


def test_properties_are_put_and_dropped_wherever_they_stand() -> None:
    rating = Name("http://ns.adobe.com/xap/1.0/", "xmp", "Rating")
    tool = Name("http://ns.adobe.com/xap/1.0/", "xmp", "CreatorTool")
    packet = merge(THEIRS, drop=[rating, tool])
    assert b"Rating" not in packet
    assert b"CreatorTool" not in packet
    assert b"Tram" in merge(packet, put={rating: '<5 & "up">'})
    assert merge(merge(None, put={rating: "<5>"}), put={rating: "1"}).count(b"Rating") == 2


def test_rdf_without_a_prefix() -> None:
    bare = b'<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
    root = minidom.parseString(MadeBy("compact", "1.2.3").xmp(bare)).documentElement  # noqa: S318  # our own
    assert root is not None
    (description,) = root.childNodes
    assert isinstance(description, minidom.Element)
    assert (description.namespaceURI, description.localName) == (RDF, "Description")
    assert description.getAttributeNS(RDF, "about") == ""
    assert description.toxml().count("tintcast 1.2.3") == 1


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"hello",
        b"<a/>",
        THEIRS[:200],
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + THEIRS,
        THEIRS.decode().encode("utf-16"),
        b"<a>" * 5000 + b"</a>" * 5000,
        THEIRS.replace(b"<my:shelf>", b"<my:shelf>" + b"<a>" * 5000 + b"</a>" * 5000),
    ],
)
def test_what_is_no_xmp_is_refused(packet: bytes) -> None:
    with pytest.raises(BrokenXmp):
        MadeBy("compact", "1.2.3").xmp(packet)
