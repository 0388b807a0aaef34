"""Starts another program shut in: ``python confined.py MEMORY_MB FOLDER -- PROGRAM ARGUMENT...``.

Standard library only, and run by its path: it becomes the program. What the kernel does not allow is left
out: the program's own settings, and limits of whoever starts it, hold all the same.
"""

import ctypes
import os
import resource
import signal
import struct
import sys
from pathlib import Path

_PDEATHSIG, _NO_NEW_PRIVS = 1, 38  # prctl(2)
_NEWUSER, _NEWNET = 0x10000000, 0x40000000  # unshare(2)
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls of landlock(7), the same on every machine
_READ, _FILE, _SOCKETS = 0b1101, 0b111, 0b10_0010_0000  # execute and read; also write; make and remove
_TMP = "/tmp"  # noqa: S108 - see below
_FIRST, _SECOND = (1 << 13) - 1, (1 << 14) - 1  # all rights of its first version, of the second and later
_READABLE = (
    "/usr", "/lib", "/lib64", "/bin", "/etc/fonts", "/etc/libreoffice", "/etc/ld.so.cache", "/etc/localtime",
    "/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice", "/dev",
)  # fmt: skip


def main(arguments: list[str]) -> None:
    """Become the program, within limits. Its end is its starter's, and the other way round."""
    memory, folder, _, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.unshare(_NEWUSER | _NEWNET)
    _see_only(libc, folder, str(Path(command[0]).resolve().parents[1]))
    size = int(memory) << 20
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or hard > size:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(command[0], command)  # noqa: S606 - no shell is what is wanted


def _see_only(libc: ctypes.CDLL, folder: str, program: str) -> None:
    """Leave of the disk only this folder to write to, and what programs and fonts are made of to read."""
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), 1)
    everything = _FIRST if version == 1 else _SECOND
    rules = libc.syscall(_CREATE, ctypes.byref(ctypes.c_uint64(everything)), ctypes.c_size_t(8), 0)
    if rules < 0:
        return
    places = dict.fromkeys((*_READABLE, program), _READ)
    # LibreOffice puts the socket by which a second start finds the first there, and nowhere else.
    for place, access in {**places, "/dev/null": 0b110, _TMP: _SOCKETS, folder: everything}.items():
        try:
            handle = os.open(place, os.O_PATH)
        except OSError:
            continue
        try:
            beneath = struct.pack("=Qi", access if Path(place).is_dir() else access & _FILE, handle)
            libc.syscall(_ADD, rules, 1, ctypes.create_string_buffer(beneath, len(beneath)), 0)
        finally:
            os.close(handle)
    libc.syscall(_RESTRICT, rules, 0)
    os.close(rules)


if __name__ == "__main__":
    main(sys.argv[1:])
