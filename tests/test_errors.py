"""The tree of errors: one line each, exit codes, and the way from a child process to its parent."""

from __future__ import annotations

import errno
import pickle

import pytest

from device import errors
from device.errors import MissingInput, SpaceError, TintcastError, from_misfit, from_os_error


def tree(kind: type[TintcastError]) -> list[type[TintcastError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]


def test_the_drawing_at_the_top_shows_every_class_and_its_exit_code() -> None:
    drawing = errors.__doc__ or ""
    for kind in tree(TintcastError):
        line = next((line for line in drawing.splitlines() if kind.__name__ in line.split()), "")
        if not line:
            line = next((line for line in drawing.splitlines() if kind.__name__ in line), "")
        assert line, kind
        if "exit_code" in vars(kind):
            assert f" {kind.exit_code} " in line, kind


@pytest.mark.parametrize("kind", tree(TintcastError))
def test_an_error_crosses_processes_whole(kind: type[TintcastError]) -> None:
    sent = kind("it broke", where="/films/a.mp4", hint="mend it")
    came = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own bytes
    assert type(came) is kind
    assert str(came) == str(sent) == "/films/a.mp4: it broke (mend it)"


def test_a_hostile_name_stays_on_one_line() -> None:
    line = str(MissingInput("no such file", where="evil\n\x1b[31mname\r"))
    assert line.isprintable()


def test_a_full_disk_is_a_space_error() -> None:
    error = from_os_error(
        OSError(errno.ENOSPC, "No space left on device"), where="out.mp4", doing="can't write"
    )
    assert isinstance(error, SpaceError)
    assert error.exit_code == 6


def test_a_missing_file_can_be_caught_as_python_calls_it() -> None:
    with pytest.raises(FileNotFoundError):
        raise MissingInput("no such file", where="x")


def test_a_package_for_another_numpy_is_told_from_a_mistake_of_ours() -> None:
    clash = "numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88"
    found = from_misfit(ValueError(clash))
    assert found is not None
    assert found.exit_code == 2
    assert "--ignore-installed" in str(found)
    assert from_misfit(ImportError("numpy.core.multiarray failed to import")) is not None
    assert from_misfit(ValueError("operands could not be broadcast together")) is None
    assert from_misfit(ValueError("numpy array of the wrong shape")) is None
