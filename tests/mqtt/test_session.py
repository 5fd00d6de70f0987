from __future__ import annotations

import dataclasses
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from brokers import Authority, Mosquitto, free_port, mosquitto_program, wait_until

from device.errors import BrokerRefused, BrokerUnreachable, ConfigurationError
from device.mqtt.address import Address
from device.mqtt.broker import EmbeddedBroker
from device.mqtt.inbox import Down, Message, Up
from device.mqtt.publication import Publication
from device.mqtt.session import Session
from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    StartMosquitto = Callable[..., Mosquitto]


@pytest.fixture
def session_to(base: str, said: list[str]) -> Iterator[Callable[..., Session]]:
    """Make sessions that are closed at the end of the test."""
    made: list[Session] = []

    def make(address: Address, device: str = "board", *filters: str, **settings: object) -> Session:
        session = Session(
            address,
            Role(base, device, "test"),
            subscriptions=[f"{base}/{each}" for each in filters],
            say=said.append,
            **settings,  # type: ignore[arg-type]
        )
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()


def next_message(session: Session, deadline_s: float = 5.0) -> Message:
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        event = session.next(0.2)
        if isinstance(event, Message):
            return event
    raise AssertionError("no message came")


def test_mqtt_5_where_the_broker_speaks_it(address: Address, session_to: Callable[..., Session]) -> None:
    listener = session_to(address, "listener", "board/#").start()
    session = session_to(address).start()
    session.send(Publication(session.role.frame, b"jpeg", content_type="image/jpeg", user=(("a", "b"),)))
    assert session.settle(5)
    assert next_message(listener) == Message(session.role.availability, b"online", retained=False)
    assert next_message(listener) == Message(session.role.frame, b"jpeg", retained=False)


def test_the_protocol_of_each_broker_is_found(address: Address, base: str, said: list[str]) -> None:
    def protocol(at: Address) -> bool:
        session = Session(at, Role(base, "board", "test"), say=said.append)
        events: list[object] = []
        session._inbox.put = events.append  # type: ignore[method-assign, assignment]
        session._thread.start()
        wait_until(lambda: events)
        session.close()
        up = events[0]
        assert isinstance(up, Up)
        return up.mqtt5

    assert protocol(address)
    with EmbeddedBroker() as broker:
        assert not protocol(dataclasses.replace(broker.address, mqtt5=True))


def test_a_broker_of_mqtt_3_will_do(session_to: Callable[..., Session]) -> None:
    with EmbeddedBroker() as broker:
        listener = session_to(broker.address, "listener", "board/#").start()
        session = session_to(broker.address).start()
        payloads = [bytes([number]) * 100_000 for number in range(20)]
        for payload in payloads:
            session.send(Publication(session.role.frame, payload, content_type="image/jpeg", expiry_s=3))
        arrived = [next_message(listener) for _ in range(21)]
        assert [message.payload for message in arrived[1:]] == payloads
        session.close()
        assert next_message(listener).payload == b"offline"
        listener.close()


def test_availability_tells_a_clean_end_and_a_crash(
    start_mosquitto: StartMosquitto, session_to: Callable[..., Session], base: str
) -> None:
    broker = start_mosquitto()
    listener = session_to(broker.address, "listener", "board/test/availability").start()
    session = session_to(broker.address).start()
    assert next_message(listener).payload == b"online"
    session.close()
    assert next_message(listener).payload == b"offline"
    code = f"""
import time
from device.mqtt.address import Address
from device.mqtt.session import Session
from device.mqtt.topics import Role
Session(Address("127.0.0.1", {broker.port}), Role("{base}", "board", "test"), say=print).start()
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        assert next_message(listener).payload == b"online"
        process.kill()
    assert next_message(listener).payload == b"offline"
    late = session_to(broker.address, "late", "board/test/availability").start()
    assert next_message(late) == Message(f"{base}/board/test/availability", b"offline", retained=True)


def until_it_fails(session: Session) -> None:
    """Take events until one call raises why there are no more."""
    while session.next(5) is not None:
        pass


def until_one_fails(*sessions: Session) -> None:
    """The same of several sessions."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for session in sessions:
            session.next(0.05)


def test_nothing_there(base: str, said: list[str]) -> None:
    address = Address("127.0.0.1", free_port())
    began = time.monotonic()
    with pytest.raises(BrokerUnreachable) as caught:
        Session(address, Role(base, "board", "test"), say=said.append).start(5)
    assert time.monotonic() - began < 2
    assert str(caught.value).startswith(
        f"mqtt://127.0.0.1:{address.port}: can't be reached: connection refused"
    )
    assert caught.value.exit_code == 5


def test_no_such_host(base: str, said: list[str]) -> None:
    with pytest.raises(BrokerUnreachable, match=r"no such host|no connection within"):
        Session(Address("no-such-host.invalid"), Role(base, "board", "test"), say=said.append).start(5)


def test_a_mute_server_is_given_up_at_the_deadline(base: str, said: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        with pytest.raises(BrokerUnreachable, match="no connection within 1 s"):
            Session(
                Address("127.0.0.1", server.getsockname()[1]), Role(base, "b", "t"), say=said.append
            ).start(1)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 64, b""])
def test_what_is_not_a_broker_is_said(answer: bytes, base: str, said: list[str]) -> None:
    def serve(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        address = Address("127.0.0.1", server.getsockname()[1])
        try:
            with pytest.raises(BrokerUnreachable, match="no MQTT there"):
                Session(address, Role(base, "board", "test"), say=said.append).start(5)
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def test_a_broker_that_hangs_up_on_our_subscription_is_not_stormed(base: str, said: list[str]) -> None:
    accepted: list[int] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                accepted.append(1)
                connection.recv(1000)
                connection.sendall(b"\x20\x03\x00\x00\x00")
                connection.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        address = Address("127.0.0.1", server.getsockname()[1])
        session = Session(address, Role(base, "board", "test"), subscriptions=["a/#"], say=said.append)
        try:
            with pytest.raises(BrokerRefused, match="lets us in, and hangs up again and again"):
                session.start(5)
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
    assert len(accepted) < 10


@pytest.fixture
def guarded(start_mosquitto: Callable[..., Mosquitto], tmp_path: Path) -> Mosquitto:
    """A broker with users, and rights for one of them."""
    passwords = tmp_path / "passwords"
    subprocess.run(
        [mosquitto_program("mosquitto_passwd"), "-c", "-b", str(passwords), "grace", "correct horse"],
        check=True,
    )
    rights = tmp_path / "rights"
    rights.write_text("user grace\ntopic readwrite +/+/test/availability\ntopic read +/+/test/frame\n")
    return start_mosquitto("allow_anonymous false", f"password_file {passwords}", f"acl_file {rights}")


def as_grace(broker: Mosquitto, tmp_path: Path, password: str) -> Address:
    secret = tmp_path / "secret"
    secret.write_text(password + "\nsecond line\n")
    return dataclasses.replace(broker.address, user="grace", password_file=secret)


def test_the_password_is_the_first_line_of_its_file(
    guarded: Mosquitto, tmp_path: Path, session_to: Callable[..., Session]
) -> None:
    assert session_to(as_grace(guarded, tmp_path, "correct horse")).start().connected


def test_a_wrong_password_is_refused_in_one_line(
    guarded: Mosquitto, tmp_path: Path, session_to: Callable[..., Session]
) -> None:
    for address in (guarded.address, as_grace(guarded, tmp_path, "wrong pony")):
        with pytest.raises(BrokerRefused) as caught:
            session_to(address).start()
        assert str(caught.value) == (
            f"mqtt://127.0.0.1:{guarded.port}: we are not allowed in "
            "(check --user and --password-file, and the broker's rights)"
        )
        assert caught.value.exit_code == 5


def test_a_missing_password_file_is_a_matter_of_configuration(address: Address, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't read the password: No such file"):
        dataclasses.replace(address, user="grace", password_file=tmp_path / "none").password()


def test_no_right_to_publish_is_said(
    guarded: Mosquitto, tmp_path: Path, session_to: Callable[..., Session]
) -> None:
    session = session_to(as_grace(guarded, tmp_path, "correct horse")).start()
    session.send(Publication(session.role.telemetry, b"{}"))
    with pytest.raises(BrokerRefused, match=r"refuses .*/board/test/telemetry: not authorized"):
        until_it_fails(session)
    with pytest.raises(BrokerRefused):
        session.send(Publication(session.role.telemetry, b"{}"))


def tls_broker(start: Callable[..., Mosquitto], authority: Authority, name: str) -> Mosquitto:
    certificate, key = authority.server(name)
    return start(f"certfile {certificate}", f"keyfile {key}")


def test_tls_with_an_authority_of_ones_own(
    start_mosquitto: Callable[..., Mosquitto],
    authority: Authority,
    session_to: Callable[..., Session],
    said: list[str],
) -> None:
    broker = tls_broker(start_mosquitto, authority, "IP:127.0.0.1")
    address = dataclasses.replace(broker.address, tls=True, ca_file=authority.file)
    listener = session_to(address, "listener", "board/#").start()
    session = session_to(address).start()
    payload = bytes(range(256)) * 4000
    session.send(Publication(session.role.frame, payload))
    assert next_message(listener).payload == b"online"
    assert next_message(listener).payload == payload
    assert said == []


def test_an_unknown_authority_is_refused_in_one_line(
    start_mosquitto: Callable[..., Mosquitto],
    authority: Authority,
    session_to: Callable[..., Session],
    said: list[str],
) -> None:
    broker = tls_broker(start_mosquitto, authority, "IP:127.0.0.1")
    address = dataclasses.replace(broker.address, tls=True)
    with pytest.raises(BrokerRefused) as caught:
        session_to(address).start()
    assert str(caught.value).startswith(f"mqtts://127.0.0.1:{broker.port}: its certificate is not good: ")
    assert "--ca" in str(caught.value)
    assert said == []
    insecure = session_to(dataclasses.replace(address, insecure=True)).start()
    assert insecure.connected
    assert said == [f"mqtts://127.0.0.1:{broker.port}: the broker's certificate is NOT checked (insecure)"]


def test_a_certificate_for_another_host_is_refused(
    start_mosquitto: Callable[..., Mosquitto], authority: Authority, session_to: Callable[..., Session]
) -> None:
    broker = tls_broker(start_mosquitto, authority, "DNS:elsewhere.example")
    address = dataclasses.replace(broker.address, tls=True, ca_file=authority.file)
    with pytest.raises(BrokerRefused, match=r"certificate is not good: .*mismatch"):
        session_to(address).start()


def test_tls_to_a_plain_port_is_refused(address: Address, session_to: Callable[..., Session]) -> None:
    with pytest.raises(
        (BrokerRefused, BrokerUnreachable), match=r"no TLS there|can't be reached|no MQTT there"
    ):
        session_to(dataclasses.replace(address, tls=True)).start()


def test_an_authority_that_is_none_is_a_matter_of_configuration(address: Address, tmp_path: Path) -> None:
    rubbish = tmp_path / "ca.pem"
    rubbish.write_text("not a certificate")
    for path in (rubbish, tmp_path / "none.pem"):
        with pytest.raises(ConfigurationError, match="can't read the certificate authority"):
            dataclasses.replace(address, tls=True, ca_file=path).tls_context()


def test_a_lost_broker_is_found_again(
    start_mosquitto: Callable[..., Mosquitto], session_to: Callable[..., Session]
) -> None:
    broker = start_mosquitto()
    session = session_to(broker.address).start()
    session.hold(f"{session.role.prefix}/job/film/head", b"held")
    assert session.settle(5)
    broker.kill()
    assert isinstance(next_event(session), Down)
    assert not session.connected
    assert not session.send(Publication(session.role.frame, b"into the void"))
    assert session.show(Publication(session.role.frame, b"old news", qos=0))
    broker.start()
    assert isinstance(next_event(session), Up)
    listener = session_to(broker.address, "listener", "board/#").start()
    held = {(message.topic, message.payload) for message in (next_message(listener), next_message(listener))}
    assert held == {(session.role.availability, b"online"), (f"{session.role.prefix}/job/film/head", b"held")}


def test_patience_with_a_lost_broker_ends(
    start_mosquitto: Callable[..., Mosquitto], session_to: Callable[..., Session]
) -> None:
    broker = start_mosquitto()
    session = session_to(broker.address, patience_s=1.0).start()
    broker.kill()
    assert isinstance(next_event(session), Down)
    with pytest.raises(BrokerUnreachable, match=r"lost for \d s: can't be reached"):
        session.next(10)
    with pytest.raises(BrokerUnreachable):
        session.hold("a/b", b"")


def test_what_was_cleared_stays_cleared_after_a_restart(
    start_mosquitto: Callable[..., Mosquitto], session_to: Callable[..., Session]
) -> None:
    broker = start_mosquitto()
    session = session_to(broker.address).start()
    topic = f"{session.role.prefix}/job/film/head"
    session.hold(topic, b"held")
    session.hold(topic, b"")
    assert session.settle(5)
    broker.kill()
    broker.start()
    while not isinstance(next_event(session), Up):
        pass
    listener = session_to(broker.address, "listener", "board/#").start()
    assert next_message(listener).topic == session.role.availability
    assert listener.next(0.3) is None


def test_two_of_one_name_are_noticed(address: Address, session_to: Callable[..., Session]) -> None:
    first = session_to(address).start()
    second = session_to(address).start()
    with pytest.raises(BrokerRefused, match="name"):
        until_one_fails(first, second)
    assert first.connected != second.connected


def test_the_named_packet_limit_is_known(
    start_mosquitto: Callable[..., Mosquitto], session_to: Callable[..., Session]
) -> None:
    session = session_to(start_mosquitto("max_packet_size 5000").address).start()
    room = session.room(session.role.frame)
    assert room is not None
    assert 4500 < room < 5000
    session.send(Publication(session.role.frame, bytes(room)))
    assert session.settle(5)
    session.show(Publication(session.role.frame, bytes(6000), qos=0))
    assert session.next(0.3) is None
    session.send(Publication(session.role.frame, bytes(6000)))
    with pytest.raises(BrokerRefused, match="takes at most 5000 bytes at once"):
        session.next(5)


def test_an_unnamed_packet_limit_is_learned(
    start_mosquitto: Callable[..., Mosquitto], session_to: Callable[..., Session], said: list[str]
) -> None:
    broker = start_mosquitto("max_packet_size 100000")
    session = session_to(dataclasses.replace(broker.address, mqtt5=False)).start()
    for _ in range(2):
        assert session.room(session.role.frame) is None
        session.show(Publication(session.role.frame, bytes(200_000), qos=0))
        assert isinstance(next_event(session), Down)
        assert isinstance(next_event(session), Up)
    room = session.room(session.role.frame)
    assert room is not None
    assert 99_000 < room < 100_100
    assert len(said) == 1
    assert "hangs up on packets of 200" in said[0]


def test_a_reader_that_falls_behind_is_not_flooded(
    address: Address, session_to: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit stays with the broker, and comes when there is room again."""
    monkeypatch.setattr("device.mqtt.inbox._FULL_BYTES", 500_000)
    listener = session_to(address, "listener", "board/test/frame").start()
    session = session_to(address).start()
    for number in range(100):
        session.send(Publication(session.role.frame, number.to_bytes(4) * 25_000))
    assert session.settle(10)
    time.sleep(0.3)
    assert 5 <= listener.waiting <= 7
    arrived = [int.from_bytes(next_message(listener).payload[:4]) for _ in range(100)]
    assert arrived == list(range(100))


def test_nagle_is_off(
    address: Address, session_to: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[socket.socket] = []
    create = socket.create_connection

    def remember(*arguments: Any, **options: Any) -> socket.socket:
        opened.append(create(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(socket, "create_connection", remember)
    session_to(address).start()
    assert opened[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def next_event(session: Session, deadline_s: float = 8.0) -> object:
    event = session.next(deadline_s)
    assert event is not None, "nothing happened"
    return event
