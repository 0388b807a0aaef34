"""What a reading process may not do: use the network, or more memory, disk and files than its page needs.

The files that it reads come from strangers, and the libraries that decode them are written in C.
"""

import errno
import multiprocessing
import resource
import signal
import socket
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import psutil

_MEGABYTE = 1024 * 1024
_FILES = 256  # open at a time; reading and making a document need some twenty


def cut_off() -> str:
    """Take the network from this process, its threads and children, for good; says why it could not.

    The kernel refuses them every socket but those of this machine's file system (seccomp), and rings
    of ``io_uring``, by which it would not see them made. Pipes and files stay.
    """
    try:
        import pyseccomp as seccomp
    except RuntimeError:  # it looks for the library when it is imported
        return "libseccomp2 is not installed"
    try:
        rules = seccomp.SyscallFilter(seccomp.ALLOW)
        rules.set_attr(seccomp.Attr.CTL_TSYNC, 1)
        refuse = seccomp.ERRNO(errno.EPERM)
        rules.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
        rules.add_rule(refuse, "io_uring_setup")
        rules.load()
    except OSError as error:
        return f"the kernel does not allow it ({error.strerror})"
    return ""


def bound_memory(megabytes: int) -> None:
    """Let this process use so much address space beyond what it has now, and leave no core file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    limit = psutil.Process().memory_info().vms + megabytes * _MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def bound_files(megabytes: int) -> None:
    """Let no file that this process writes from now on become larger."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (megabytes * _MEGABYTE, hard))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error, in place of the end of the process


def try_out() -> str:
    """Why a process of this machine cannot be cut off, found by cutting one off; "" if it can."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
        try:
            return one.submit(_tried).result()
        except BrokenProcessPool as error:
            return str(error)


def _tried() -> str:
    return cut_off() or _still_open()


def _still_open() -> str:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.socket(family).close()
        except OSError:
            continue
        return f"a socket of {family.name} could be made all the same"
    return ""
