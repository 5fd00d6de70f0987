"""The official releases that ``tintcast-convert fetch`` knows: where their files are, and how they are told.

Hashes: the .pth files carry the start of theirs in their names, as PyTorch's hub has it; Keras publishes an
MD5. The Caffe files come without; that of ``colorization_release_v2.caffemodel`` is what independent public
copies agree on, and ``norebal``, of which none are known, is told by its layers' names and shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from device.errors import ConfigurationError

_BERKELEY = "eecs.berkeley.edu/~rich.zhang/projects/2016_colorization/files/demo_v2"
_COMMIT = "a1642d6ac6fc80fe08885edba34c166da09465f6"
_GITHUB = f"https://raw.githubusercontent.com/richzhang/colorization/{_COMMIT}/colorization"
_S3 = "https://colorizers.s3.us-east-2.amazonaws.com"
_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/inception_resnet_v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """A file of a release, and where it lies; the first address that gives it is taken.

    ``algorithm`` and ``digest``: what it is told by; of a shortened digest, the start. Without a digest, it
    is told by the names and shapes of the layers in it, and every address is encrypted.
    """

    name: str
    addresses: tuple[str, ...]
    digest: str = ""
    algorithm: Literal["sha256", "md5"] = "sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one ``fetch`` brings. ``then``: the command that makes a network of it, files as {0}, {1}, ..."""

    name: str
    says: str
    files: tuple[ReleaseFile, ...]
    licence: str
    then: str


def _caffemodel(name: str, digest: str = "") -> ReleaseFile:
    hosts = ["https://", "https://people."] + ["http://"] * bool(digest)
    return ReleaseFile(
        name=name, addresses=tuple(f"{host}{_BERKELEY}/{name}" for host in hosts), digest=digest
    )


_PROTOTXT = ReleaseFile(
    name="colorization_deploy_v2.prototxt",
    addresses=(f"{_GITHUB}/models/colorization_deploy_v2.prototxt",),
    digest="d16418cef8df4ccd703a55ae0ef3960861d5010418f77c90d0a47689998a7169",
)
_POINTS = ReleaseFile(
    name="pts_in_hull.npy",
    addresses=(f"{_GITHUB}/resources/pts_in_hull.npy",),
    digest="b5dec01315c34f43f1c8c089e84c45ae35d1838d8e77ed0e7ca930f79ffa450e",
)
_FROM_CAFFE = "tintcast-convert convert --prototxt {0} --points {1} --caffemodel {2} --name %s --out DIR"
_FROM_TORCH = "tintcast-convert convert --torch {0} --name %s --out DIR"
_ZHANG = "BSD-2-Clause, Richard Zhang, Phillip Isola, Alexei A. Efros"

RELEASES: Final = {
    release.name: release
    for release in (
        Release(
            name="zhang16",
            says="Colorful Image Colorization, Zhang et al. 2016, Caffe: what every tutorial uses",
            files=(
                _PROTOTXT,
                _POINTS,
                _caffemodel(
                    "colorization_release_v2.caffemodel",
                    "f5af1e602646328c792e1094f9876fe9cd4c09ac46fa886e5708a1abc89137b1",
                ),
            ),
            licence=_ZHANG,
            then=_FROM_CAFFE % "zhang16",
        ),
        Release(
            name="zhang16-norebal",
            says="the same, trained without weighing rare colours up: more natural, less colourful",
            files=(_PROTOTXT, _POINTS, _caffemodel("colorization_release_v2_norebal.caffemodel")),
            licence=_ZHANG,
            then=_FROM_CAFFE % "zhang16-norebal",
        ),
        Release(
            name="zhang16-torch",
            says="the 2016 network in PyTorch",
            files=(
                ReleaseFile(
                    name="colorization_release_v2-9b330a0b.pth",
                    addresses=(f"{_S3}/colorization_release_v2-9b330a0b.pth",),
                    digest="9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
                ),
            ),
            licence=_ZHANG,
            then=_FROM_TORCH % "zhang16",
        ),
        Release(
            name="siggraph17",
            says="Real-Time User-Guided Image Colorization, Zhang et al. 2017: takes hints",
            files=(
                ReleaseFile(
                    name="siggraph17-df00044c.pth",
                    addresses=(f"{_S3}/siggraph17-df00044c.pth",),
                    digest="df00044c",
                ),
            ),
            licence=_ZHANG,
            then=_FROM_TORCH % "siggraph17",
        ),
        Release(
            name="inception-resnet-v2",
            says="the ImageNet classifier that guides the network koala, from Keras",
            files=(
                ReleaseFile(
                    name="inception_resnet_v2_weights_tf_dim_ordering_tf_kernels.h5",
                    addresses=(f"{_KERAS}/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels.h5",),
                    digest="e693bd0210a403b3192acc6073ad2e96",
                    algorithm="md5",
                ),
            ),
            licence="Apache-2.0",
            then="tintcast-convert train --network koala --pretrained {0} --photos TAR --work DIR",
        ),
    )
}


def is_official(name: str, sha256: str) -> bool | None:
    """Whether a file, by whatever name, is one of a release; None where only its name says so."""
    files = {file.name: file for release in RELEASES.values() for file in release.files}
    hashed = [file for file in files.values() if file.digest and file.algorithm == "sha256"]
    if any(sha256.startswith(file.digest) for file in hashed):
        return True
    return None if name in files and not files[name].digest else False


def find_release(name: str) -> Release:
    """The release of this name. Raises ConfigurationError, which lists them all."""
    if name not in RELEASES:
        raise ConfigurationError(f"no release {name!r}", hint=f"there are {', '.join(RELEASES)}")
    return RELEASES[name]
