"""Names of topics: ``<base>/<device>/<role>/...``. What comes in is parsed as if an enemy had written it.

availability                  online / offline; also the will                        QoS 1, retained
frame                         newest picture; now and then one at QoS 1              QoS 0
snapshot                      one picture                                            QoS 0, retained
telemetry                     JSON                                                   QoS 0
set/<thing>                   what it is to be (``commands``), never retained          QoS 1
state/<thing>                 what it is                                             QoS 1, retained
progress                      JSON: how far it is                                    QoS 1, retained
job/<job>/state               JSON: how far one film is; while it lives              QoS 1, retained
job/<job>/head                JSON: a film on its way (``messages.Head``)              QoS 1, retained
job/<job>/frame               one JPEG, numbered by the facts in it                  QoS 1
job/<job>/beside              sound and subtitles, numbered parts                    QoS 1
job/<job>/ack/<receiver>      JSON: what is safely on disk there (``messages.Ack``)    QoS 1, retained
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_LEVEL = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MAX_TOPIC = 512

ONLINE = b"online"
OFFLINE = b"offline"


class Kind(Enum):
    """What a topic carries."""

    AVAILABILITY = "availability"
    FRAME = "frame"
    SNAPSHOT = "snapshot"
    TELEMETRY = "telemetry"
    SET = "set"
    STATE = "state"
    PROGRESS = "progress"
    JOB_STATE = "job state"
    HEAD = "head"
    JOB_FRAME = "job frame"
    BESIDE = "beside"
    ACK = "ack"


def is_level(text: str) -> bool:
    """Whether ``text`` is one topic level of ours: letters, digits, ``_ . -``, at most 64, not only dots."""
    return _LEVEL.fullmatch(text) is not None and text.strip(".") != ""


@dataclass(frozen=True, slots=True)
class Role:
    """One process at the broker: its prefix, its client id and its topics. Levels must be ``is_level``."""

    base: str
    device: str
    role: str

    def __post_init__(self) -> None:
        """Refuse what would not be a topic level: a mistake of the caller's."""
        for level in (self.base, self.device, self.role):
            if not is_level(level):
                raise ValueError(f"not a topic level: {level!r}")

    @property
    def prefix(self) -> str:
        """What all of its topics begin with."""
        return f"{self.base}/{self.device}/{self.role}"

    @property
    def client_id(self) -> str:
        """The same after every restart, so that the broker never sees two of one."""
        return f"tintcast-{self.device}-{self.role}"

    @property
    def availability(self) -> str:
        """Whether it is there."""
        return f"{self.prefix}/availability"

    @property
    def frame(self) -> str:
        """The newest picture."""
        return f"{self.prefix}/frame"

    @property
    def snapshot(self) -> str:
        """One picture, kept by the broker."""
        return f"{self.prefix}/snapshot"

    @property
    def telemetry(self) -> str:
        """How it does."""
        return f"{self.prefix}/telemetry"

    @property
    def progress(self) -> str:
        """How far it is."""
        return f"{self.prefix}/progress"

    @property
    def job_states(self) -> str:
        """The filter for how far each of its jobs is."""
        return f"{self.prefix}/job/+/state"

    def set(self, thing: str) -> str:
        """Commands to ``thing``."""
        return f"{self.prefix}/set/{thing}"

    def state(self, thing: str) -> str:
        """What ``thing`` is set to."""
        return f"{self.prefix}/state/{thing}"

    def job(self, job: str) -> JobTopics:
        """Topics of one of its jobs."""
        if not is_level(job):
            raise ValueError(f"not a topic level: {job!r}")
        return JobTopics(f"{self.prefix}/job/{job}")


@dataclass(frozen=True, slots=True)
class JobTopics:
    """Topics of one film."""

    prefix: str

    @property
    def state(self) -> str:
        """How far it is."""
        return f"{self.prefix}/state"

    @property
    def head(self) -> str:
        """What the film is."""
        return f"{self.prefix}/head"

    @property
    def frame(self) -> str:
        """Its frames."""
        return f"{self.prefix}/frame"

    @property
    def beside(self) -> str:
        """Its sound and subtitles."""
        return f"{self.prefix}/beside"

    def ack(self, receiver: str) -> str:
        """What ``receiver`` has."""
        return f"{self.prefix}/ack/{receiver}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A topic of ours, taken apart. What the topic does not have is empty."""

    kind: Kind
    role: Role
    job: str = ""
    receiver: str = ""
    thing: str = ""


_SIMPLE = {
    "availability": Kind.AVAILABILITY,
    "frame": Kind.FRAME,
    "snapshot": Kind.SNAPSHOT,
    "telemetry": Kind.TELEMETRY,
    "progress": Kind.PROGRESS,
}
_OF_THING = {"set": Kind.SET, "state": Kind.STATE}
_OF_JOB = {"state": Kind.JOB_STATE, "head": Kind.HEAD, "frame": Kind.JOB_FRAME, "beside": Kind.BESIDE}


def parse(topic: str) -> Parsed | None:
    """Take a topic apart; None for one that is not exactly ours, whatever it is."""
    levels = topic[: _MAX_TOPIC + 1].split("/")
    if len(topic) > _MAX_TOPIC or len(levels) < 4 or not all(map(is_level, levels)):
        return None
    role = Role(*levels[:3])
    match levels[3:]:
        case [name] if name in _SIMPLE:
            return Parsed(_SIMPLE[name], role)
        case [name, thing] if name in _OF_THING:
            return Parsed(_OF_THING[name], role, thing=thing)
        case ["job", job, name] if name in _OF_JOB:
            return Parsed(_OF_JOB[name], role, job)
        case ["job", job, "ack", receiver]:
            return Parsed(Kind.ACK, role, job, receiver)
        case _:
            return None
