"""What a picture says of itself where a machine made its colour: XMP that archives and newsrooms read.

Its IPTC Digital Source Type is *compositeWithTrainedAlgorithmicMedia* ("edited using generative AI"): a
picture that was there before, with a part of it made by a trained model. The neighbouring terms don't fit:
*algorithmicallyEnhanced* is for corrections that make nothing up, and is read as "no AI"; by
*trainedAlgorithmicMedia* the whole picture would be made by a model, which its lightness is not. The names
are those of the IPTC NewsCodes and of the IPTC Photo Metadata Standard 2025.1 (AI System Used, AI System
Version Used).
"""

from __future__ import annotations

from dataclasses import dataclass

from device.media.xmp import Name, merge

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt"
_SOURCE_TYPE = Name(*_IPTC_EXTENSION, "DigitalSourceType")
_SYSTEM = Name(*_IPTC_EXTENSION, "AISystemUsed")
_SYSTEM_VERSION = Name(*_IPTC_EXTENSION, "AISystemVersionUsed")
_CREATOR_TOOL = Name("http://ns.adobe.com/xap/1.0/", "xmp", "CreatorTool")


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Who made the colour: the ``network``'s name and the ``version`` of tintcast."""

    network: str
    version: str

    @property
    def line(self) -> str:
        """The same in words, for files that hold no more than that."""
        return f"Colour made by a machine: tintcast {self.version}, network {self.network}"

    def xmp(self, before: bytes | None = None) -> bytes:
        """Return an XMP packet that says so, merged into the packet that was there ``before``, if any.

        A creator tool that is named already stays: by definition it is the first. Raises
        `device.media.xmp.BrokenXmp`, a ValueError, where ``before`` is no sound packet.
        """
        return merge(
            before,
            put={
                _SOURCE_TYPE: DIGITAL_SOURCE_TYPE,
                _SYSTEM: f"tintcast, network {self.network}",
                _SYSTEM_VERSION: self.version,
            },
            put_if_absent={_CREATOR_TOOL: f"tintcast {self.version}"},
        )
