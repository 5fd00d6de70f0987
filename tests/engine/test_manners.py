"""How a process behaves: tried in processes of their own, which can't take it back."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def tried(code: str) -> list[str]:
    """Words that ``code`` prints in a process with a session of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60, start_new_session=True,
    )  # fmt: skip
    return done.stdout.split()


def test_who_stands_back_is_last_with_processor_and_disk_in_all_its_threads() -> None:
    nice, policy, io, in_thread, group = tried("""
        import ctypes, os, platform, threading
        from pathlib import Path
        from device.engine.manners import stand_back

        GET = {"x86_64": 252, "i686": 290, "armv7l": 315}.get(platform.machine(), 31)
        stand_back()
        told = []
        thread = threading.Thread(target=lambda: told.append(os.getpriority(os.PRIO_PROCESS, 0)))
        thread.start()
        thread.join()
        group = Path("/proc/self/autogroup")
        print(
            os.getpriority(os.PRIO_PROCESS, 0),
            os.sched_getscheduler(0) == os.SCHED_BATCH,
            ctypes.CDLL(None).syscall(GET, 1, 0) >> 13,
            told[0],
            group.read_text().split()[-1] if group.exists() else "none",
        )
    """)
    assert (nice, policy, io, in_thread) == ("19", "True", "3", "19")
    assert group in {"19", "none"}


def test_who_is_found_first_goes_before_others() -> None:
    before = int(Path("/proc/self/oom_score_adj").read_text())
    (score,) = tried("""
        from pathlib import Path
        from device.engine.manners import be_found_first
        be_found_first()
        print(Path("/proc/self/oom_score_adj").read_text())
    """)
    assert int(score) == max(before, 500)


def test_more_data_than_the_bound_is_refused_but_not_what_is_reserved() -> None:
    words = tried("""
        import mmap
        from device.engine.manners import bound_memory
        bound_memory(256)
        kept = bytearray(64 << 20)
        mmap.mmap(-1, 8 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ).close()
        print("reserved")
        try:
            bytearray(512 << 20)
        except MemoryError:
            print("refused")
        bound_memory(4096)
        try:
            bytearray(512 << 20)
        except MemoryError:
            print("for", "good")
    """)
    assert words == ["reserved", "refused", "for", "good"]


@pytest.mark.parametrize("late", [False, True])
def test_who_dies_with_its_parent_does_so_even_where_that_was_gone_before(*, late: bool) -> None:
    """A grandchild tells when it lives; it must have gone when the child between has."""
    reading, writing = os.pipe()
    code = f"""
        import os, signal, time
        from device.engine.manners import die_with
        parent = os.getpid()
        ready, go = os.pipe()
        if os.fork() == 0:
            if {late}:
                while os.getppid() == parent:
                    time.sleep(0.01)
                die_with(parent)
                os.write({writing}, b"lives")
            else:
                die_with(parent)
                os.write(go, b"!")
                time.sleep(60)
                os.write({writing}, b"lives")
            os._exit(0)
        if not {late}:
            os.read(ready, 1)
        os.kill(parent, signal.SIGKILL)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, pass_fds=[writing], start_new_session=True
    ) as child:
        os.close(writing)
        child.wait(30)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b""  # closed by all, and nothing said


def test_who_is_to_end_no_longer_stands_back_as_a_group() -> None:
    words = tried("""
        import os
        from pathlib import Path
        from device.engine.manners import let_end, stand_back
        stand_back()
        let_end(os.getpid())
        group = Path("/proc/self/autogroup")
        print(group.read_text().split()[-1] if group.exists() else "none")
        let_end(1 << 30)
    """)
    assert words in (["0"], ["none"])
