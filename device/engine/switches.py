"""What people may change while a job runs: one table of things, the same for the page and for MQTT."""

from __future__ import annotations

import json
import logging
import math
import os
import threading
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from device.errors import SettingRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    Value = bool | float | str | None
    Listener = Callable[[str, Value], None]

_log = logging.getLogger(__name__)
_ON = frozenset({"on", "true", "1", "yes"})
_OFF = frozenset({"off", "false", "0", "no"})


class Kind(Enum):
    """What values a thing takes."""

    SWITCH = "switch"
    CHOICE = "choice"
    NUMBER = "number"
    BUTTON = "button"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that can be changed. A button has no value: it is pressed.

    ``label``: for people. ``choices``: of a choice. ``least``, ``most``, ``step``, ``unit``: of a number.
    ``kept``: whether what it was set to survives a restart.
    """

    name: str
    kind: Kind
    label: str
    choices: tuple[str, ...] = ()
    least: float = 0.0
    most: float = 1.0
    step: float = 1.0
    unit: str | None = None
    kept: bool = False

    def parse(self, value: object) -> Value:
        """``value``, or what its text says, as this thing takes it. Raises SettingRefused."""
        if self.kind is Kind.BUTTON:
            return None
        if self.kind is Kind.SWITCH:
            return self._parse_switch(value)
        if self.kind is Kind.CHOICE:
            text = str(value).strip()
            if text not in self.choices:
                raise self._refused(value, f"it takes {', '.join(self.choices)}")
            return text
        return self._parse_number(value)

    def _parse_switch(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower()
        if text not in _ON | _OFF:
            raise self._refused(value, "it takes on, off")
        return text in _ON

    def _parse_number(self, value: object) -> float:
        allowed = f"it takes {self.least:g} to {self.most:g}"
        if isinstance(value, bool):
            raise self._refused(value, allowed)
        try:
            number = float(str(value).strip())
        except ValueError:
            raise self._refused(value, allowed) from None
        if not (math.isfinite(number) and self.least <= number <= self.most):
            raise self._refused(value, allowed)
        if self.step >= 1:
            number = min(round(number / self.step) * self.step, self.most)
        return number

    def _refused(self, value: object, allowed: str) -> SettingRefused:
        return SettingRefused(f"{str(value)[:40]!r} is not allowed", where=self.name, hint=allowed)


class Switches:
    """The things and what each is set to. Safe from any thread.

    ``values``: what each thing but a button begins with, unless ``memory`` (a file; None: nothing is kept)
    holds what a kept one was set to.
    """

    def __init__(self, things: Iterable[Thing], values: Mapping[str, object], memory: Path | None) -> None:
        self.things = tuple(things)
        self._by_name = {thing.name: thing for thing in self.things}
        self._memory = memory
        # One change after the other, written and told before the next; a listener may make one of its own.
        self._changing = threading.RLock()
        self._untold: deque[tuple[str, Value]] = deque()
        self._telling = False
        # Held for no longer than a look takes: whoever only reads waits for neither disk nor listeners.
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._values: dict[str, Value] = {
            thing.name: thing.parse(values[thing.name])
            for thing in self.things
            if thing.kind is not Kind.BUTTON
        }
        self._remembered = self._remember()
        self._values.update(self._remembered)

    def value(self, name: str) -> Value:
        """What ``name`` is set to; of a button, None. Raises SettingRefused for what isn't there."""
        self._thing(name)
        with self._lock:
            return self._values.get(name)

    def values(self) -> dict[str, Value]:
        """What everything but the buttons is set to."""
        with self._lock:
            return dict(self._values)

    def set(self, name: str, value: object, *, by: str) -> Value:
        """Set ``name`` to ``value`` or what its text says (or press it), and return what it is now.

        ``by``: who wants it, for the log. Whoever listens hears of a change, and of each press, before this
        returns (of what a listener sets: after all have heard of what it heard), and of all in their order.
        Raises SettingRefused for things that aren't there and values that aren't allowed.
        """
        thing = self._thing(name)
        parsed = thing.parse(value)
        with self._changing:
            with self._lock:
                if thing.kind is not Kind.BUTTON:
                    if self._values[name] == parsed:
                        return parsed
                    self._values[name] = parsed
            if thing.kept:
                self._keep(name, parsed)
            _log.info("%s: %s, by %s", name, "pressed" if parsed is None else parsed, by)
            self._untold.append((name, parsed))
            if not self._telling:
                self._tell()
        return parsed

    def on_change(self, listener: Listener) -> None:
        """Call ``listener(name, value)`` at each change and press, in the thread of whoever made it."""
        with self._lock:
            self._listeners.append(listener)

    def _tell(self) -> None:
        self._telling = True
        try:
            while self._untold:
                change = self._untold.popleft()
                with self._lock:
                    listeners = list(self._listeners)
                for listener in listeners:
                    listener(*change)
        finally:
            self._telling = False

    def _thing(self, name: str) -> Thing:
        thing = self._by_name.get(name)
        if thing is None:
            raise SettingRefused(
                "is nothing that can be set", where=name[:40], hint=f"there are {', '.join(self._by_name)}"
            )
        return thing

    def _remember(self) -> dict[str, Value]:
        """What kept things were set to; what can't be read, or is allowed no longer, is as if never set."""
        if self._memory is None:
            return {}
        try:
            kept = json.loads(self._memory.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            _log.warning("%s can't be read, and is begun anew: %s", self._memory, error)
            return {}
        found: dict[str, Value] = {}
        for thing in self.things:
            if not (thing.kept and isinstance(kept, dict) and thing.name in kept):
                continue
            try:
                found[thing.name] = thing.parse(kept[thing.name])
            except SettingRefused as error:
                _log.warning("%s: %s", self._memory, error)
        return found

    def _keep(self, name: str, value: Value) -> None:
        """Write what is kept, whole or not at all; a full disk costs the memory, not the change."""
        self._remembered[name] = value
        if self._memory is None:
            return
        part = self._memory.with_name(self._memory.name + ".part")
        try:
            with part.open("w", encoding="utf-8") as file:
                json.dump(self._remembered, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._memory)
        except OSError as error:
            _log.warning("%s can't be written, %s is not kept: %s", self._memory, name, error)
