"""``python -m tests.crash.worker HOME DROP [STEP COUNT]``: an intake that kills itself at a step.

Says ``begun`` on standard output at its first step, so that a parent knows when to kill it instead.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from flows.steps import Step
from infra.wiring import open_services


def main(home: Path, drop: Path, at: str = "", count: int = 1) -> int:
    """Runs the intake once; 0 when all of it went well."""
    services = open_services(home)
    from flows.intake import intake

    seen = 0
    lock = threading.Lock()

    def watch(step: Step) -> None:
        nonlocal seen
        with lock:
            if seen == 0 and not at:
                sys.stdout.write("begun\n")
                sys.stdout.flush()
                seen = 1
            if step.name == at:
                seen += 1
                if seen == count:
                    os.kill(os.getpid(), signal.SIGKILL)

    done = intake(services, drop, once=True, stop=threading.Event(), watch=watch)
    sys.stderr.write("".join(f"{failure}\n" for failure in done.failures))
    return 1 if done.failures else 0


if __name__ == "__main__":
    home, drop, at, count = [*sys.argv[1:], "", "1"][:4]
    sys.exit(main(Path(home), Path(drop), at, int(count)))
