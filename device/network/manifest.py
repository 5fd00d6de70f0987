"""The manifest: ``NAME.json`` beside ``NAME.tflite`` says what the network is, what goes in, what comes out.

Read strictly: a network is used only if its manifest is complete and its file is the one that was meant.
"""

import hashlib
import json
import os
import reprlib
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from device.colour.hints import GLOBAL_LENGTH
from device.errors import NetworkFileError, from_os_error

#: The version of the manifest's own format.
FORMAT: Final = 1

Text = Annotated[str, Field(min_length=1)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\.tflite$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Side = Annotated[int, Field(ge=1, le=4096)]
Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]

_STRICT: Final = ConfigDict(extra="forbid", strict=True)


class InputRole(Enum):
    """What an input of a network is for. Only grey is always there; the others are all zero when absent.

    A local hint (1, h, w, 2) and its mask (1, h, w, 1) come together, on one grid; a global hint is (1, 1, 1,
    316). What lies in them is told in ``device.colour.hints``.
    """

    GREY = "grey"
    LOCAL_HINT = "local hint"
    MASK = "mask"
    GLOBAL_HINT = "global hint"


class OutputRole(Enum):
    """What an output of a network is: colour, always; the 313 bins' logits where the network has them."""

    AB = "ab"
    LOGITS = "logits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input tensor (1, height, width, channels), named as in the file: value x ``scale`` + ``offset``.

    Values are L of Lab, 0..100, for grey; a and b in Lab units for hints; 0 or 1 for masks.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: Text
    role: InputRole
    size: tuple[Side, Side]
    channels: Side = 1
    scale: Factor
    offset: Number = 0.0

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The tensor's shape."""
        return 1, *self.size, self.channels


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output tensor (1, height, width, channels), named as in the file; x ``scale`` gives Lab units."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: Text
    role: OutputRole
    size: tuple[Side, Side]
    channels: Side
    scale: Factor = 1.0

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The tensor's shape."""
        return 1, *self.size, self.channels


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The weights that a network was made from."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    weights: Text
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Another network's file in the same folder, with a manifest of its own, made of the same weights."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    file: FileName
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that is known of a network.

    ``file``: the .tflite's own name, in the manifest's folder. ``recipe``: how it was quantized.
    ``calibration``: the pictures that the ranges were measured on, None where the recipe needs none.
    ``unfit``: runtimes that can't run this file, each with a recipe whose file it can run. ``likely``: where
    this network has no logits, the one to ask for likely colours.
    ``quality`` and ``speed``: measured figures, by what was measured and its unit.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    format: Literal[1] = FORMAT
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=64)]
    file: FileName
    sha256: Sha256
    architecture: Text
    recipe: Text
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    source: Source
    calibration: Text | None
    unfit: Mapping[str, Text] = field(default_factory=dict)
    likely: Companion | None = None
    quality: Mapping[str, Number] = field(default_factory=dict)
    speed: Mapping[str, Number] = field(default_factory=dict)
    licence: Text
    data: Text

    @property
    def grey(self) -> Input:
        """The input that the lightness goes into."""
        return next(each for each in self.inputs if each.role is InputRole.GREY)

    @property
    def local_hint(self) -> Input | None:
        """The input for colours at places, where there is one; ``MASK`` is then there too, of its size."""
        return self._input(InputRole.LOCAL_HINT)

    @property
    def mask(self) -> Input | None:
        """The input that says where there are hints."""
        return self._input(InputRole.MASK)

    @property
    def global_hint(self) -> Input | None:
        """The input for a palette, where there is one."""
        return self._input(InputRole.GLOBAL_HINT)

    @property
    def ab(self) -> Output:
        """The output that the colour comes from."""
        return next(each for each in self.outputs if each.role is OutputRole.AB)

    @property
    def logits(self) -> Output | None:
        """The output with the bins' logits, where there is one."""
        return next((each for each in self.outputs if each.role is OutputRole.LOGITS), None)

    def _input(self, role: InputRole) -> Input | None:
        return next((each for each in self.inputs if each.role is role), None)


def read_manifest(path: Path) -> Manifest:
    """Read and check the manifest at ``path``. Raises NetworkFileError naming file, key and value."""
    try:
        manifest = _adapter().validate_json(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise NetworkFileError(f"the manifest can't be read: {reason}", where=path) from None
    except ValidationError as error:
        raise _one_line(error, path) from None
    problem = _contradiction(manifest)
    if problem:
        raise NetworkFileError(problem, where=path)
    return manifest


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write ``manifest`` to ``path``: the whole file or none of it.

    Raises NetworkFileError for roles or names that contradict each other, else as ``from_os_error``.
    """
    problem = _contradiction(manifest)
    if problem:
        raise NetworkFileError(problem, where=path)
    text = json.dumps(asdict(manifest), default=_role_name, indent=2, allow_nan=False) + "\n"
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(part).chmod(0o644)
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't write the manifest") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def _contradiction(manifest: Manifest) -> str | None:
    """What each key allows but all together don't."""
    for key, tensors, role in (
        ("inputs", manifest.inputs, InputRole.GREY),
        ("outputs", manifest.outputs, OutputRole.AB),
    ):
        roles = [each.role for each in tensors]
        if roles.count(role) != 1:
            return f"{key} need exactly one of role {role.value!r}, not {roles.count(role)}"
        if len(set(roles)) != len(roles):
            return f"{key} have two of one role"
        if len({each.name for each in tensors}) != len(tensors):
            return f"{key} have two of one name"
    if manifest.grey.channels != 1:
        return f"the grey input has 1 channel, not {manifest.grey.channels}"
    if manifest.ab.channels != 2:
        return f"the ab output has 2 channels, not {manifest.ab.channels}"
    return _contradictory_hints(manifest)


def _contradictory_hints(manifest: Manifest) -> str | None:
    local, mask, palette = manifest.local_hint, manifest.mask, manifest.global_hint
    if (local is None) is not (mask is None):
        return "inputs of role 'local hint' and 'mask' come together"
    if local and mask and (local.size, local.channels, mask.channels) != (mask.size, 2, 1):
        return f"local hint {local.shape} and mask {mask.shape} are not (1, h, w, 2) and (1, h, w, 1)"
    if palette and palette.shape != (1, 1, 1, GLOBAL_LENGTH):
        return f"the global hint has shape {palette.shape}, not {(1, 1, 1, GLOBAL_LENGTH)}"
    return None


def _one_line(error: ValidationError, path: Path) -> NetworkFileError:
    first, more = error.errors()[0], error.error_count() - 1
    return NetworkFileError(
        _describe(first) + (f"; {more} more after it" if more else ""),
        where=path,
        hint="tintcast-convert writes it anew",
    )


def _describe(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"])
    message = error["msg"][:1].lower() + error["msg"][1:]
    match error["type"]:
        case "json_invalid":
            return f"is not JSON: {message}"
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return f"{key} is missing"
        case "unexpected_keyword_argument":
            return f"{key} is not a key"
        case _:
            return f"{key} = {reprlib.repr(error['input'])} is not allowed: {message}"


def _role_name(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    raise TypeError(f"{value!r} has no place in a manifest")
