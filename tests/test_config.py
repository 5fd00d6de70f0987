"""The configuration: layers, round trip, and errors that say what is allowed."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from device.config import Config, describe, load_config, to_toml
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def test_flags_win_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tintcast.toml"
    file.write_text('[mqtt]\nhost = "file"\nport = 1001\nquality = 50\n')
    config = load_config(
        file, {"TINTCAST_MQTT_HOST": "variable", "TINTCAST_MQTT_PORT": "1002"}, {"mqtt": {"port": 1003}}
    )
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.quality) == ("variable", 1003, 50)


def test_what_config_prints_reads_back_as_the_same_configuration(tmp_path: Path) -> None:
    config = load_config(
        overrides={
            "colour": {"tame": [{"start": 300, "end": 20, "keep": 0.25}], "saturation": 1.5},
            "mqtt": {"device": "front-door", "password_file": "/run/credentials/mqtt"},
            "publish": {"to": ["attic", "cellar"]},
        }
    )
    file = tmp_path / "printed.toml"
    file.write_text(to_toml(config))
    assert load_config(file) == config


def test_every_key_is_described_and_stands_in_the_printed_file() -> None:
    config = load_config()
    printed = to_toml(config)
    keys = list(describe(config))
    assert len(keys) > 20
    for section, key, value, field in keys:
        assert field.description, f"{section}.{key}"
        assert f"# {field.description}" in printed
        assert (f"{key} =" in printed) if value is not None else (f"# {key} =" in printed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mqtt]\nprot = 1\n", "mqtt.prot is not a key (did you mean port?)"),
        ("[mqt]\nport = 1\n", "mqt is not a key (did you mean mqtt?)"),
        (
            "[mqtt]\nport = 99999\n",
            "mqtt.port = 99999 is not allowed: input should be less than or equal to 65535",
        ),
        ('[network]\nruntime = "gpu"\n', "network.runtime = 'gpu' is not allowed"),
        ("[colour]\ntame = [{ start = 400, end = 2 }]\n", "colour.tame.0.start = 400 is not allowed"),
        ('[mqtt]\ndevice = "a/b"\n', "mqtt.device = 'a/b' is not allowed"),
        ("quality = 3\n", "quality = 3 stands outside a section"),
        ("[mqtt\n", "is not TOML"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_and_what_is_allowed(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_config(file)
    line = str(caught.value)
    assert line.startswith(f"{file}: ")
    assert said in line
    assert "\n" not in line
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_config(tmp_path / "none.toml")


def test_a_configuration_never_changes() -> None:
    config = load_config()
    with pytest.raises(ValidationError):
        setattr(config.mqtt, "port", 1)  # noqa: B010 - the very thing that must not work


def test_lists_in_variables_are_written_as_in_toml() -> None:
    config = load_config(environ={"TINTCAST_PUBLISH_TO": '["attic", "cellar"]', "TINTCAST_MQTT_TLS": "true"})
    assert config.publish.to == ("attic", "cellar")
    assert config.mqtt.tls is True


def test_defaults_are_a_whole_configuration() -> None:
    assert Config.model_validate(tomllib.loads(to_toml(load_config()))) == load_config()
