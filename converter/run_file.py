"""A training run as a TOML file: what ``train --config`` reads."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from converter.data import Collection
from converter.schedule import Schedule
from converter.session import Request, Shared
from device.errors import ConfigurationError, TintcastError, from_os_error

if TYPE_CHECKING:
    from typing import Self


class _Photographs(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: tuple[Path, ...] = Field(min_length=1)
    share: float = Field(1.0, gt=0)
    largest: int = Field(1 << 16, gt=0)
    small: bool = False
    left_out: Path | None = None
    coloured_only: bool = False


class RunFile(BaseModel):
    """The keys of a run's file. Relative paths are relative to the file.

    ``photographs``: collections; a part of the first is kept back to validate, tune and calibrate on.
    ``schedule``: as ``Schedule``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    work: Path
    photographs: tuple[_Photographs, ...] = Field(min_length=1)
    schedule: Schedule
    points: Path | None = None
    pretrained: Path | None = None
    start: Path | None = None
    bfloat16: bool = False

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check ``path``. Raises ConfigurationError naming file, key and value."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise from_os_error(error, where=path, doing="can't read") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"not TOML: {error}", where=path) from None
        except TintcastError as error:
            raise ConfigurationError(str(error), where=path) from None
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise ConfigurationError(
                f"{key}: {first['msg'][:1].lower()}{first['msg'][1:]}", where=path
            ) from None

    def request(self, folder: Path, *, resume: bool) -> Request:
        """The run; ``folder``: where relative paths begin."""
        photos = tuple(
            Shared(
                collection=Collection(
                    sources=tuple(folder / source for source in each.sources),
                    small=each.small,
                    left_out=each.left_out and folder / each.left_out,
                    coloured_only=each.coloured_only,
                ),
                share=each.share,
                largest=each.largest,
            )
            for each in self.photographs
        )
        return Request(
            photos=photos, work=folder / self.work, schedule=self.schedule,
            points=self.points and folder / self.points,
            pretrained=self.pretrained and folder / self.pretrained, start=self.start and folder / self.start,
            bfloat16=self.bfloat16, resume=resume,
        )  # fmt: skip
