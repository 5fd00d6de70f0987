"""Official releases into a cache: whole, told by hash or by layers, or not there at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from odd_site import site

from converter import releases
from converter.cli import main
from converter.download import Limits
from converter.fetch import cache_folder, fetch
from converter.releases import RELEASES, Release, ReleaseFile, find_release, is_official
from converter.weights.caffe_schema import net_parameter
from device.errors import ConfigurationError, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = np.random.default_rng(2).bytes(200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = Limits(connect=2, silence=0.5, pause=0.01, total=10, tries=3)
PROTOTXT = """
name: "small"
layer { name: "data_l" type: "Input" top: "data_l" input_param { shape { dim: 1 dim: 1 dim: 32 dim: 32 } } }
layer { name: "conv" type: "Convolution" bottom: "data_l" top: "conv"
        convolution_param { num_output: 313 kernel_size: 3 pad: 1 } }
layer { name: "sharp" type: "Scale" bottom: "conv" top: "sharp" scale_param { bias_term: false } }
layer { name: "soft" type: "Softmax" bottom: "sharp" top: "soft" }
layer { name: "ab" type: "Convolution" bottom: "soft" top: "ab"
        convolution_param { num_output: 2 kernel_size: 1 } }
"""


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def release(*files: ReleaseFile) -> Release:
    return Release(name="odd", says="an odd one", files=files, licence="none", then="convert {0}")


def one(address: str, digest: str = SHA256, **more: Any) -> Release:
    return release(ReleaseFile(name="file.pth", addresses=(f"{address}/file.pth",), digest=digest, **more))


def caffemodel(kernel: int) -> bytes:
    net: Any = net_parameter()()
    layer = net.layer.add()
    layer.name, layer.type = "conv", "Convolution"
    for shape in ((313, 1, kernel, kernel), (313,)):
        blob = layer.blobs.add()
        blob.shape.dim.extend(shape)
        blob.data.extend([0.5] * int(np.prod(shape)))
    return bytes(net.SerializeToString())


def test_a_file_is_kept_under_its_name_and_only_checked_the_next_time(tmp_path: Path) -> None:
    with site(CONTENT, "cut 1000") as server:
        (first,) = fetch(one(server.address), tmp_path, limits=QUICK)
        (second,) = fetch(one(server.address), tmp_path, limits=QUICK)
        assert len(server.asked) == 2
    assert (first.was_there, second.was_there) == (False, True)
    assert first.sha256 == second.sha256 == SHA256
    assert first.told_by == "sha256"
    assert [path.name for path in tmp_path.iterdir()] == ["file.pth"]


@pytest.mark.parametrize(
    ("digest", "algorithm", "told_by"),
    [(SHA256[:8], "sha256", "the start of its sha256"), (hashlib.md5(CONTENT).hexdigest(), "md5", "md5")],  # noqa: S324
)
def test_other_hashes(tmp_path: Path, digest: str, algorithm: str, told_by: str) -> None:
    with site(CONTENT) as server:
        (found,) = fetch(one(server.address, digest, algorithm=algorithm), tmp_path, limits=QUICK)
    assert found.told_by.startswith(told_by)


def test_another_file_is_not_kept(tmp_path: Path) -> None:
    with (
        site(b"another" * 9000) as server,
        pytest.raises(NetworkFileError, match="nothing is kept") as failure,
    ):
        fetch(one(server.address), tmp_path, limits=QUICK)
    assert f"{tmp_path / 'file.pth'}: its sha256 is" in str(failure.value)
    assert not list(tmp_path.iterdir())


def test_halves_of_two_files_are_fetched_again_in_one_piece(tmp_path: Path) -> None:
    with site(b"x" * len(CONTENT), "cut 1000") as server:

        def told(*_: object) -> None:
            server.content = CONTENT  # the tag stays: the server does not say that it has another

        fetch(one(server.address), tmp_path, limits=QUICK, told=told)
        assert server.asked == ["", "bytes=1000-", ""]
    assert (tmp_path / "file.pth").read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_told(tmp_path: Path) -> None:
    (tmp_path / "file.pth").write_bytes(CONTENT[:-1])
    with pytest.raises(NetworkFileError, match="remove it and run this again"):
        fetch(one("http://127.0.0.1:9"), tmp_path, limits=QUICK)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (caffemodel(3), None),
        (caffemodel(5), "needs"),
        (caffemodel(3)[:-99], "a part of one"),
        (b"", "an empty file"),
    ],
)
def test_what_has_no_hash_is_told_by_its_layers(tmp_path: Path, content: bytes, wrong: str | None) -> None:
    prototxt = tmp_path / "colorization_deploy_v2.prototxt"
    prototxt.write_text(PROTOTXT)
    known = ReleaseFile(
        name=prototxt.name, addresses=(), digest=hashlib.sha256(prototxt.read_bytes()).hexdigest()
    )
    with site(content) as server:
        wanted = release(known, ReleaseFile(name="odd.caffemodel", addresses=(server.address,)))
        if wrong:
            with pytest.raises(NetworkFileError, match=wrong):
                fetch(wanted, tmp_path, limits=QUICK)
            assert [path.name for path in tmp_path.iterdir()] == [prototxt.name]
        else:
            _, found = fetch(wanted, tmp_path, limits=QUICK)
            assert found.sha256 == hashlib.sha256(content).hexdigest()
            assert found.told_by == "its layers' names and shapes"


def test_the_command_says_what_it_has_and_what_is_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with site(CONTENT) as server:
        monkeypatch.setitem(releases.RELEASES, "odd", one(server.address))
        assert main(["fetch", "odd", "--cache", str(tmp_path / "a b")]) == 0
    out = capsys.readouterr().out
    assert SHA256 in out
    assert f"next: convert '{tmp_path / 'a b' / 'file.pth'}'" in out


def test_a_site_that_is_gone_is_one_line_with_what_to_do_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with site(CONTENT, "404") as server:
        monkeypatch.setitem(releases.RELEASES, "odd", one(server.address))
        assert main(["fetch", "odd", "--cache", str(tmp_path)]) == 4
        line = capsys.readouterr().err
        assert len(line.splitlines()) == 1
        assert f"by hand: bring {server.address}/file.pth with a browser, save it as" in line
        (tmp_path / "file.pth").write_bytes(CONTENT)  # as it was said
        assert main(["fetch", "odd", "--cache", str(tmp_path)]) == 0


def test_the_releases_hold_together() -> None:
    assert {"zhang16", "zhang16-norebal", "zhang16-torch", "siggraph17"} <= RELEASES.keys()
    for name, wanted in RELEASES.items():
        assert wanted.name == name
        assert wanted.then.format(*(file.name for file in wanted.files))
        for file in wanted.files:
            assert file.addresses
            assert all(address.endswith(f"/{file.name}") for address in file.addresses)
            safe = all(address.startswith("https://") for address in file.addresses)
            assert safe or len(file.digest) == 64
            if file.name.endswith(".pth"):
                assert file.digest.startswith(file.name.removesuffix(".pth").rpartition("-")[2])
    with pytest.raises(ConfigurationError, match="zhang16-norebal"):
        find_release("zhang17")


def test_a_file_is_known_by_its_hash_whatever_it_is_called() -> None:
    zhang16, siggraph17 = find_release("zhang16").files[2], find_release("siggraph17").files[0]
    assert is_official("renamed.caffemodel", zhang16.digest) is True
    assert is_official("x.pth", siggraph17.digest + "0" * 56) is True
    assert is_official(zhang16.name, SHA256) is False
    assert is_official("colorization_release_v2_norebal.caffemodel", SHA256) is None


def test_the_cache_is_this_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "tintcast" / "releases"


def test_the_small_files_are_the_ones_beside_the_photographs(shared: Path) -> None:
    for file in find_release("zhang16").files[:2]:
        content = (shared / "data" / "zhang16" / file.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.digest
