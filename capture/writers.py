"""Whether somebody is still writing a file, as the kernel knows it."""

import fcntl
import os
import signal
from pathlib import Path


def open_for_writing(path: Path) -> bool:
    """Whether a process of this machine, an SMB server's too, has the file open for writing.

    Asks for a read lease, which is given only where nobody has (``fcntl(2)``, F_SETLEASE), and hands it
    back at once. False also where that cannot be asked: on network file systems, whose writers are on
    other machines, and for files of another owner where the system does not allow it.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be opened.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        # Who opens it in this instant has the kernel signal us: with one that does nothing by itself.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False
