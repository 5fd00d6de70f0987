"""A PyTorch state dict (.pth, .pt), in either of its file formats, without PyTorch and without running code.

Both formats hold a pickle that names classes and functions; only a plain dictionary of tensors is rebuilt
here, and any other name in it is refused before anything is called.
"""

from __future__ import annotations

import math
import pickle
import zipfile
import zlib
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from device.errors import NetworkFileError, TintcastError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from converter.networks.graph import Weights

_MAGIC: Final = 0x1950A86A20F9469CFC6C  # what the older format begins with
_VERSION: Final = 1001
_WHAT: Final = "expected a state dict as torch.save writes it"

#: Kinds of storage, by the name that the pickle has for them.
_STORAGES: Final = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8",
    "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1",
    "BoolStorage": "?", "BFloat16Storage": "bfloat16",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of storage, named in the pickle where PyTorch has a class."""

    dtype: str

    @property
    def size(self) -> int:
        """Bytes of one value."""
        return 2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize

    @property
    def floating(self) -> bool:
        """Whether it holds weights, not counts."""
        return self.dtype in {"<f2", "<f4", "<f8", "bfloat16"}

    def values(self, data: bytes) -> npt.NDArray[Any]:
        """What ``data`` holds, as numbers."""
        if self.dtype == "bfloat16":
            return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
        return np.frombuffer(data, self.dtype)


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    kind: _Kind
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage: offset, shape and strides count values."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_state_dict(path: Path) -> Weights:
    """All floating-point tensors of a state dict, float32, by their names.

    A dictionary that holds the state dict under ``state_dict`` is taken too. Raises NetworkFileError for
    anything else, as for a file whose pickle names code.
    """
    try:
        with path.open("rb") as file:
            found = _from_zip(file, path) if _is_zip(file) else _from_stream(file, path)
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't read") from error
    if not found:
        raise NetworkFileError("holds no tensors", where=path, hint=_WHAT)
    for name, array in found.items():
        if not np.isfinite(array).all():
            raise NetworkFileError(f"{name} holds values that are no numbers", where=path)
    return found


def _is_zip(file: IO[bytes]) -> bool:
    """Whether it ends as a zip does; one whose end is damaged still is one."""
    try:
        return zipfile.is_zipfile(file)
    except zipfile.BadZipFile:
        return True


def _from_zip(file: IO[bytes], path: Path) -> Weights:
    """The format since PyTorch 1.6: a zip of the pickle and a file for each storage."""
    try:
        with zipfile.ZipFile(file) as archive:
            (pickled,) = (name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl")
            folder = pickled.removesuffix("data.pkl")
            limit = path.stat().st_size  # storages lie there as they are: none unpacks to more
            if any(entry.file_size > limit for entry in archive.infolist()):
                raise NetworkFileError("unpacks to more than it is", where=path, hint=_WHAT)
            if f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder") != b"little":
                raise NetworkFileError("was written by a big-endian machine", where=path)
            with archive.open(pickled) as stream:
                tensors = _tensors(_load(_Reader(stream), path), path)
            return _arrays(tensors, lambda storage: archive.read(f"{folder}data/{storage.key}"), path)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError) as error:
        raise NetworkFileError("is damaged, or no file of PyTorch's", where=path, hint=_WHAT) from error


def _from_stream(file: IO[bytes], path: Path) -> Weights:
    """The older format: pickles one after the other, then the storages in the order that the last names."""
    file.seek(0)
    begun = False
    with suppress(TintcastError):
        begun = _load(_Reader(file), path) == _MAGIC and _load(_Reader(file), path) == _VERSION
    if not begun:
        raise NetworkFileError("is no file of PyTorch's", where=path, hint=_WHAT)
    _load(_Reader(file), path)  # facts of the machine that wrote it
    reader = _Reader(file)
    tensors = _tensors(_load(reader, path), path)
    keys = _load(_Reader(file), path)
    used = {tensor.storage.key for tensor in tensors.values()}
    listed = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    if not listed or not used <= set(keys) <= reader.storages.keys():
        raise NetworkFileError("is damaged: its storages are not those it lists", where=path)
    data, limit = {}, path.stat().st_size
    for key in keys:
        storage = reader.storages[key]
        file.read(8)  # the count again
        data[key] = file.read(min(storage.count * storage.kind.size, limit))
    return _arrays(tensors, lambda storage: data[storage.key], path)


class _Reader(pickle.Unpickler):
    """Rebuilds dictionaries, lists and tensors, and refuses every other name. ``storages``: those it met."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str, /) -> Any:
        """What a name in the pickle stands for."""
        if module in {"torch", "torch.storage"} and name in _STORAGES:
            return _Kind(_STORAGES[name])
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise pickle.UnpicklingError(f"names {module}.{name}, which is no weight: it is not opened")

    def persistent_load(self, pid: Any, /) -> _Storage:
        """The storage that a tensor lies in: ("storage", kind, key, device, count, ...)."""
        match pid:
            case ("storage", _Kind() as kind, str(key), str(), int(count), *_) if count >= 0:
                return self.storages.setdefault(key, _Storage(key, kind, count))
        raise pickle.UnpicklingError("names a storage that is none")


class _Rebuild:
    """Stands for PyTorch's functions that make a tensor; without attributes that a pickle could set."""

    __slots__ = ()

    def __call__(
        self, storage: Any, offset: Any = None, shape: Any = (), strides: Any = (), *_: object
    ) -> Any:
        """The view of a storage; a parameter is the tensor that it is given."""
        if isinstance(storage, _Tensor):
            return storage
        numbers = (offset, *shape, *strides)
        whole = all(isinstance(each, int) and 0 <= each < 1 << 40 for each in numbers)
        if not (isinstance(storage, _Storage) and whole and len(shape) == len(strides) <= 8):
            raise pickle.UnpicklingError("holds a tensor that is none")
        return _Tensor(storage, offset, tuple(shape), tuple(strides))


_ALLOWED: Final[Mapping[tuple[str, str], Callable[..., Any]]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _Rebuild(),
    ("torch._utils", "_rebuild_tensor"): _Rebuild(),
    ("torch._utils", "_rebuild_parameter"): _Rebuild(),
}


def _load(reader: _Reader, path: Path) -> Any:
    try:
        return reader.load()
    except pickle.UnpicklingError as error:
        raise NetworkFileError(str(error), where=path, hint=_WHAT) from None
    except Exception as error:  # a damaged pickle may run into anything
        raise NetworkFileError("is damaged, or no file of PyTorch's", where=path, hint=_WHAT) from error


def _tensors(loaded: Any, path: Path) -> dict[str, _Tensor]:
    if isinstance(loaded, dict) and isinstance(loaded.get("state_dict"), dict):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, dict) or not all(isinstance(name, str) for name in loaded):
        raise NetworkFileError(f"holds a {type(loaded).__name__}", where=path, hint=_WHAT)
    for name, value in loaded.items():
        if not isinstance(value, _Tensor):
            raise NetworkFileError(f"{name} is a {type(value).__name__}, no tensor", where=path, hint=_WHAT)
    return loaded


def _arrays(tensors: Mapping[str, _Tensor], read: Callable[[_Storage], bytes], path: Path) -> Weights:
    arrays: Weights = {}
    for name, tensor in tensors.items():
        kind = tensor.storage.kind
        if not kind.floating:
            continue  # how many batches a norm has seen
        data = read(tensor.storage)[: tensor.storage.count * kind.size]
        if len(data) < tensor.storage.count * kind.size:
            raise NetworkFileError(f"{name} is cut off", where=path, hint="get the file again")
        values = kind.values(data)
        last = tensor.offset + sum(
            (n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True)
        )
        size = math.prod(tensor.shape)
        if (size and last >= len(values)) or size > len(values):
            raise NetworkFileError(f"{name} reaches beyond its values", where=path, hint="get the file again")
        strides = [step * values.itemsize for step in tensor.strides]
        view = np.lib.stride_tricks.as_strided(
            values[tensor.offset :], tensor.shape, strides, writeable=False
        )
        arrays[name] = np.array(view, np.float32)
    return arrays
