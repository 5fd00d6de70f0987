"""What is refused before anything is done for it, and how."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest
from web import ask, enter, token_of

if TYPE_CHECKING:
    from previewed import KnownDesk

    from device.preview import PreviewServer


def test_who_does_not_tell_where_from_is_asked_once_more(lan: PreviewServer) -> None:
    assert 'content="0; url=/?again"' in ask(lan.port, "/").text
    assert "unlock" in ask(lan.port, "/?again").text
    entered = ask(lan.port, "/?again", Cookie=enter(lan))
    assert (entered.status, entered.headers["location"]) == (303, "/")


def test_a_page_of_ours_is_not_asked_for_a_password_in_a_window_of_its_own(lan: PreviewServer) -> None:
    own = ask(lan.port, "/hints", Referer=f"http://127.0.0.1:{lan.port}/")
    assert (own.status, "www-authenticate" in own.headers) == (401, False)
    visit = {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert "www-authenticate" in ask(lan.port, "/hints", **visit).headers


def test_without_word_of_the_site_its_referer_is_believed(lan: PreviewServer) -> None:
    cookie = enter(lan)
    for foreign in ("http://elsewhere.example/", "http://[", f"http://127.0.0.1:{lan.port + 1}/"):
        assert ask(lan.port, "/snapshot.jpg", Cookie=cookie, Referer=foreign).status == 403
        assert ask(lan.port, f"/snapshot.jpg?token={token_of(lan)}", Referer=foreign).status == 200
        assert ask(lan.port, "/", Cookie=cookie, Referer=foreign).status == 200
    own = f"http://127.0.0.1:{lan.port}/"
    assert ask(lan.port, "/snapshot.jpg", Cookie=cookie, Referer=own).status == 200


def test_a_wrong_token_costs_time_whatever_else_is_wrong(lan: PreviewServer) -> None:
    began = time.monotonic()
    assert ask(lan.port, "/hints?token=guess", Referer="http://elsewhere.example/").status == 403
    assert time.monotonic() - began >= 0.25


@pytest.mark.parametrize("origin", ["http://[", "http://]/", "http://[::1", "//[x"])
def test_an_origin_that_is_no_address_is_another_site(lan: PreviewServer, origin: str) -> None:
    assert ask(lan.port, "/unlock", method="POST", form="token=x", Origin=origin).status == 403


def test_no_path_writes_lines_of_its_own_into_the_log(
    server: PreviewServer, desk: KnownDesk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.remove_hint = lambda _: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    assert ask(server.port, "/hints/x%0aERROR%20forged", method="DELETE").status == 500
    (told,) = [each.getMessage() for each in caplog.records if "went wrong" in each.getMessage()]
    assert told == "DELETE /hints/x%0aERROR%20forged went wrong"


@pytest.mark.parametrize(
    ("kind", "sent", "status"),
    [
        ("multipart/form-data; boundary=x", "--x--", 415),
        ("application/json", "{}", 415),
        ("application/x-www-form-urlencoded; charset=none-such", "token=x", 400),
        ("application/x-www-form-urlencoded", "token=\xff", 400),
        ("application/x-www-form-urlencoded", "token=%ff", 401),
        ("application/x-www-form-urlencoded", "x" * 20_000, 413),
    ],
)
def test_unlock_takes_a_form_only(lan: PreviewServer, kind: str, sent: str, status: int) -> None:
    assert ask(lan.port, "/unlock", method="POST", form=sent, Content_Type=kind).status == status


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_that(
    lan: PreviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.preview.body.DEADLINE_S", 0.3)
    kinds = {"/unlock": "application/x-www-form-urlencoded", "/hints": "application/json"}
    for path, kind in kinds.items():
        head = [
            f"POST {path} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {token_of(lan)}",
            f"Content-Type: {kind}",
            "Content-Length: 40",
        ]
        with socket.create_connection(("127.0.0.1", lan.port), timeout=20) as silent:
            silent.sendall("\r\n".join([*head, "", "token="]).encode())
            assert silent.recv(100).startswith(b"HTTP/1.1 408 ")
