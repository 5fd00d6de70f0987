"""Opens a .tflite with LiteRT, or with tflite-runtime where only that is installed or it is asked for."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import threading
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np

from device.errors import ConfigurationError, NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Runtime = Literal["auto", "litert", "tflite-runtime"]

#: By our name: the module and the distribution of each runtime, the preferred one first.
RUNTIMES: Final = {
    "litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
    "tflite-runtime": ("tflite_runtime.interpreter", "tflite-runtime"),
}

#: Standard error is one for the whole process: two threads must not hold it back at once.
_STDERR: Final = threading.Lock()


class Interpreter(Protocol):
    """What we use of either runtime's ``Interpreter``."""

    def allocate_tensors(self) -> None:
        """Make room for the tensors."""

    def get_input_details(self) -> list[dict[str, Any]]:
        """Names, indices, shapes, dtypes and quantization of the inputs."""

    def get_output_details(self) -> list[dict[str, Any]]:
        """The same of the outputs."""

    def set_tensor(self, tensor_index: int, value: NDArray[Any]) -> None:
        """Copy an input in."""

    def get_tensor(self, tensor_index: int) -> NDArray[Any]:
        """Copy an output out."""

    def invoke(self) -> None:
        """Run the network."""


def open_interpreter(
    path: Path, threads: int, runtime: Runtime, unfit: Mapping[str, str]
) -> tuple[Interpreter, str]:
    """Load the .tflite at ``path``; returns the interpreter, ready to run, and its runtime and version.

    The file must have been checked against its manifest, which says in ``unfit`` what can't run it: the
    runtimes may crash on a broken file. Raises ConfigurationError where the runtime is not installed or can't
    work here, NetworkFileError where it can't run this network.
    """
    module, name = _import(runtime)
    if recipe := unfit.get(name.split()[0]):
        raise NetworkFileError(
            f"{name} can't run a network of this recipe", where=path,
            hint=f"it runs one converted with --recipe {recipe}; or use LiteRT: pip install ai-edge-litert",
        )  # fmt: skip
    try:
        with _without_greeting():
            interpreter: Interpreter = module.Interpreter(model_path=str(path), num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise NetworkFileError(
            f"{name} can't run this network: {error}", where=path, hint="convert it with another recipe"
        ) from error
    return interpreter, name


def default_threads() -> int:
    """One thread for each physical core that we may run on, at most 4: more made nothing faster."""
    cores = {_siblings(cpu) for cpu in os.sched_getaffinity(0)}
    return min(len(cores), 4)


def _siblings(cpu: int) -> str:
    """The logical CPUs that share a core with ``cpu``; itself alone where the system doesn't say."""
    try:
        return Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text("ascii")
    except OSError:
        return str(cpu)


def _import(runtime: Runtime) -> tuple[Any, str]:
    wanted = list(RUNTIMES) if runtime == "auto" else [runtime]
    problems = []
    for name in wanted:
        module, distribution = RUNTIMES[name]
        if name == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
            problems.append(f"tflite-runtime needs numpy 1, here is {np.__version__}")
            continue
        try:
            return importlib.import_module(module), f"{name} {version(distribution)}"
        except ImportError as error:
            problems.append(f"{name}: {error}")
    raise ConfigurationError(
        f"no runtime for the network: {'; '.join(problems)}",
        where="network.runtime",
        hint="pip install ai-edge-litert, or tintcast[tflite-runtime] on Python 3.11",
    )


@contextmanager
def _without_greeting() -> Iterator[None]:
    """Hold back the INFO lines that the runtimes write to file descriptor 2; all else is passed on after."""
    if sys.stderr is None:  # then 2 is closed, or the number of some file that was opened since
        yield
        return
    with _STDERR:
        sys.stderr.flush()
        with tempfile.TemporaryFile() as held:
            before = os.dup(2)
            os.dup2(held.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(before, 2)
                os.close(before)
                held.seek(0)
                rest = b"".join(line for line in held if not line.startswith(b"INFO:"))
                if rest:
                    os.write(2, rest)
