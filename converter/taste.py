"""What may be chosen of a trained compact network's colours when it is converted."""

from __future__ import annotations

from dataclasses import dataclass

from device.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """A blend of the network's heads, and how saturated it is.

    ``vividness``, 0..1: how much of the vivid head; of the rest, ``boldness``, 0..1, is the annealed head's
    and what is left the mean's. ``saturation``: a factor on ab.
    """

    vividness: float = 1.0
    boldness: float = 1.0
    saturation: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no blend."""
        if not (0 <= self.vividness <= 1 and 0 <= self.boldness <= 1 and 0 < self.saturation <= 2):
            raise ConfigurationError("vividness and boldness are 0 to 1, saturation above 0 and at most 2")

    def shares(self) -> dict[str, float]:
        """The share of each of the network's heads."""
        rest = 1 - self.vividness
        return {"vivid": self.vividness, "annealed": rest * self.boldness, "mean": rest * (1 - self.boldness)}

    def __str__(self) -> str:
        """As the manifest says it."""
        return f"vividness {self.vividness:g}, boldness {self.boldness:g}, saturation {self.saturation:g}"
