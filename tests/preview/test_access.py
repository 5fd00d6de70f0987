from __future__ import annotations

import base64
import logging
import re
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from web import Stream, ask, enter, token_of

from device.config import PreviewSettings
from device.errors import ConfigurationError, MissingInput
from device.preview import PreviewServer, stored_address
from device.preview.token import keep_token

if TYPE_CHECKING:
    from pathlib import Path

    from previewed import KnownDesk

OURS = ["/", "/page.js", "/stream.mjpg", "/snapshot.jpg", "/events", "/hints", "/likely?x=0&y=0", "/nothing"]


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_without_lan_only_this_machine_is_served(server: PreviewServer) -> None:
    assert server.address == f"http://localhost:{server.port}/"
    assert server.line(secret=True) == server.line(secret=False)
    assert "--lan" in server.line(secret=False)
    # The whole of 127/8 is this machine, but only one address is bound.
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", server.port))


@pytest.mark.parametrize(
    "host", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "localhost", "page.localhost:{}"]
)
def test_this_machine_goes_by_its_own_names(server: PreviewServer, host: str) -> None:
    assert ask(server.port, "/", Host=host.format(server.port)).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{}", "localhost.evil.example", "192.168.1.5", "", "["]
)
def test_other_names_for_this_machine_are_refused(server: PreviewServer, host: str) -> None:
    for path in ("/", "/snapshot.jpg", "/events"):
        answer = ask(server.port, path, Host=host.format(server.port))
        assert answer.status in {400, 403}


def test_on_the_network_nothing_opens_without_the_token(lan: PreviewServer) -> None:
    for path in OURS:
        assert ask(lan.port, path).status == 401, path
    assert ask(lan.port, "/set/live", method="POST", body={"value": False}).status == 401
    assert ask(lan.port, "/hints/1", method="DELETE").status == 401


def test_both_kinds_of_address_are_served(lan: PreviewServer) -> None:
    for host in ("127.0.0.1", *(["::1"] if has_ipv6() else [])):
        assert ask(lan.port, "/", host=host).status == 401


def test_the_first_visit_swaps_the_token_for_a_cookie(lan: PreviewServer) -> None:
    first = ask(lan.port, f"/?token={token_of(lan)}")
    assert (first.status, 'content="0; url=/"' in first.text) == (200, True)
    cookie = first.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert token_of(lan) not in cookie
    assert ask(lan.port, "/", Cookie=cookie.partition(";")[0]).status == 200
    name, _, value = cookie.partition(";")[0].partition("=")
    assert ask(lan.port, "/", Cookie=f"{name}={value[:-1]}x").status == 401


def test_other_programs_show_the_token_in_three_ways(lan: PreviewServer) -> None:
    token = token_of(lan)
    assert ask(lan.port, f"/snapshot.jpg?token={token}").body[:2] == b"\xff\xd8"
    assert ask(lan.port, "/snapshot.jpg", Authorization=f"Bearer {token}").status == 200
    for user in ("", "anyone", "jürgen"):
        assert ask(lan.port, "/snapshot.jpg", Authorization=basic(user, token)).status == 200
    with Stream(lan.port, f"/stream.mjpg?fps=10&token={token}") as stream:
        assert len(next(stream.parts())) > 1000


def test_who_asks_for_basic_is_told_of_it_and_a_browser_is_not_pestered(lan: PreviewServer) -> None:
    assert ask(lan.port, "/snapshot.jpg").headers["www-authenticate"].startswith("Basic ")
    by_page = ask(lan.port, "/snapshot.jpg", Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="image")
    assert (by_page.status, "www-authenticate" in by_page.headers) == (401, False)
    assert "www-authenticate" not in ask(lan.port, "/").headers


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer x", "Basic", "Basic !!", "Basic eA==", "Digest a", basic("a", "b"), basic("a", "\0")],
)
def test_wrong_tokens_do_not_open(lan: PreviewServer, authorization: str) -> None:
    assert ask(lan.port, "/snapshot.jpg", Authorization=authorization).status == 401


def test_a_wrong_token_beside_a_right_cookie_does_not_open(lan: PreviewServer) -> None:
    assert ask(lan.port, "/?token=wrong", Cookie=enter(lan)).status == 401


def test_wrong_tokens_cost_ever_more_time_and_the_right_one_none(lan: PreviewServer) -> None:
    times = []
    for _ in range(3):
        began = time.monotonic()
        assert ask(lan.port, "/snapshot.jpg?token=guess").status == 401
        times.append(time.monotonic() - began)
    assert times[0] >= 0.25
    assert times[1] >= 0.5
    assert times[2] >= 1
    began = time.monotonic()
    assert ask(lan.port, f"/hints?token={token_of(lan)}").status == 200
    assert time.monotonic() - began < 2


def test_many_guesses_at_once_are_turned_away(lan: PreviewServer) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(ask(lan.port, "/hints?token=guess").status))
        for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while 429 not in found and time.monotonic() < deadline:
        time.sleep(0.05)
    assert 429 in found
    assert ask(lan.port, f"/hints?token={token_of(lan)}").status == 200
    for thread in threads:
        thread.join(30)
    assert set(found) == {401, 429}


def test_the_page_that_asks_for_the_token_takes_it(lan: PreviewServer) -> None:
    page = ask(lan.port, "/?again")
    assert (page.status, 'action="/unlock"' in page.text) == (401, True)
    assert ask(lan.port, "/page.css").status == 200
    origin = f"http://127.0.0.1:{lan.port}"
    opened = ask(lan.port, "/unlock", method="POST", form=f"token={token_of(lan)}", Origin=origin)
    assert (opened.status, 'content="0; url=/"' in opened.text) == (200, True)
    wrong = ask(lan.port, "/unlock", method="POST", form="token=wrong", Origin=origin)
    assert (wrong.status, "This is not the token." in wrong.text) == (401, True)
    assert "set-cookie" not in wrong.headers


def test_a_link_from_another_site_leads_in_though_the_cookie_is_strict(lan: PreviewServer) -> None:
    again = ask(lan.port, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert 'http-equiv="refresh"' in again.text
    assert "unlock" not in again.text


def test_other_sites_change_nothing(server: PreviewServer, desk: KnownDesk) -> None:
    own = f"http://127.0.0.1:{server.port}"
    change = {"method": "POST", "body": {"value": "never"}}
    for strange in ("http://evil.example", "null", f"http://127.0.0.1:{server.port + 1}", "http://localhost"):
        assert ask(server.port, "/set/colour", Origin=strange, **change).status == 403
        assert ask(server.port, "/hints/1", method="DELETE", Origin=strange).status == 403
    for site in ("cross-site", "same-site"):
        assert ask(server.port, "/set/colour", Sec_Fetch_Site=site, **change).status == 403
    as_form = ask(server.port, "/set/colour", method="POST", form='{"value": "never"}')
    assert as_form.status == 415
    assert desk.switches.value("colour") == "auto"
    assert ask(server.port, "/set/colour", Origin=own, **change).status == 200
    assert desk.switches.value("colour") == "never"


def test_other_sites_show_pictures_only_with_the_token(lan: PreviewServer, server: PreviewServer) -> None:
    foreign = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"}
    assert ask(server.port, "/snapshot.jpg", **foreign).status == 403
    assert ask(lan.port, "/snapshot.jpg", Cookie=enter(lan), **foreign).status == 403
    shown = ask(lan.port, f"/snapshot.jpg?token={token_of(lan)}", **foreign)
    assert (shown.status, shown.headers["cross-origin-resource-policy"]) == (200, "cross-origin")
    known = basic("camera", token_of(lan))  # as a browser shows it that was told once
    assert ask(lan.port, "/snapshot.jpg", Authorization=known, **foreign).status == 403
    own = ask(lan.port, "/snapshot.jpg", Cookie=enter(lan), Sec_Fetch_Site="same-origin")
    assert (own.status, own.headers["cross-origin-resource-policy"]) == (200, "same-origin")


def test_every_answer_tells_browsers_to_stay_here(lan: PreviewServer) -> None:
    for path in ("/", f"/snapshot.jpg?token={token_of(lan)}", "/nothing"):
        headers = ask(lan.port, path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"


def test_logs_hold_neither_query_nor_token(lan: PreviewServer, caplog: pytest.LogCaptureFixture) -> None:
    token = token_of(lan)
    with caplog.at_level(logging.DEBUG):
        ask(lan.port, f"/?token={token}")
        ask(lan.port, f"/snapshot.jpg?width=320&token={token}")
        ask(lan.port, f"/likely?x=no&token={token}")
        with socket.create_connection(("127.0.0.1", lan.port), timeout=20) as broken:
            broken.sendall(f"GET /?token={token} HTTP/nine\r\nA: b\r\n\r\n".encode())
            assert b"400" in broken.recv(100)
    ours = [record for record in caplog.records if record.name.startswith("device.preview")]
    assert any("/snapshot.jpg: 200" in record.getMessage() for record in ours)
    assert token not in caplog.text
    assert "width=320" not in caplog.text


def test_refusals_do_not_hold_the_token(lan: PreviewServer) -> None:
    token = token_of(lan)
    for path in (f"/nothing?token={token}", f"/likely?x=9&token={token}", f"/?token={token}x"):
        answer = ask(lan.port, path)
        assert token not in answer.text
        assert token not in str(answer.headers)


def test_lines_name_the_address_and_only_the_secret_one_the_token(lan: PreviewServer, tmp_path: Path) -> None:
    assert re.fullmatch(rf"http://[\w-]+\.local:{lan.port}/\?token=[\w-]{{22}}", lan.line(secret=True))
    open_line = lan.line(secret=False)
    assert token_of(lan) not in open_line
    assert f"tintcast live --name {tmp_path.name} --address" in open_line


def test_the_token_stays_and_is_for_our_eyes_only(desk: KnownDesk, tmp_path: Path) -> None:
    settings = PreviewSettings(port=0, lan=True)
    with PreviewServer(desk, settings, tmp_path) as first:
        address = first.address
        cookie = enter(first)
    files = [path for path in tmp_path.iterdir() if address.partition("token=")[2] in path.read_text()]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600]
    files[0].chmod(0o644)
    again = PreviewSettings(port=int(address.split(":")[2].partition("/")[0]), lan=True)
    with PreviewServer(desk, again, tmp_path) as second:
        assert second.address == address
        assert ask(second.port, "/", Cookie=cookie).status == 200
    assert files[0].stat().st_mode & 0o777 == 0o600


def test_the_address_is_told_to_who_may_read_the_token(desk: KnownDesk, tmp_path: Path) -> None:
    settings = PreviewSettings(port=0, lan=True)
    with pytest.raises(MissingInput, match="not served yet"):
        stored_address(tmp_path, settings)
    assert stored_address(tmp_path, PreviewSettings(port=99)) == "http://localhost:99/"
    with PreviewServer(desk, settings, tmp_path) as serving:
        assert stored_address(tmp_path, settings) == serving.address
        assert stored_address(tmp_path, PreviewSettings(port=99)) == serving.address  # as it is served
    (tmp_path / "preview-served").write_text("damaged")
    assert stored_address(tmp_path, PreviewSettings(port=99)) == "http://localhost:99/"
    (tmp_path / "preview-token").unlink()
    with pytest.raises(MissingInput, match="not served yet"):
        stored_address(tmp_path, PreviewSettings(port=99, lan=True))


@pytest.mark.parametrize("content", ["short", "a token with spaces in it", "\xff" * 20])
def test_a_token_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "preview-token").write_text(content)
    with pytest.raises(ConfigurationError, match="16 to 128") as refusal:
        keep_token(tmp_path)
    assert content not in str(refusal.value)


def test_an_empty_token_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "preview-token").write_text("")
    assert len(keep_token(tmp_path)) == 22
    assert keep_token(tmp_path) == keep_token(tmp_path)


@pytest.mark.parametrize("lan", [False, True])
def test_a_port_that_is_taken_is_one_line(desk: KnownDesk, tmp_path: Path, *, lan: bool) -> None:
    with socket.create_server(("0.0.0.0" if lan else "127.0.0.1", 0)) as taken:  # noqa: S104 - as with --lan
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} is taken by another program"):
            PreviewServer(desk, PreviewSettings(port=port, lan=lan), tmp_path).start()
