import errno
from typing import Any

import pyseccomp
import pytest

from capture import sandbox


def test_this_machine_can_cut_a_process_off_and_stays_connected_itself() -> None:
    assert sandbox.try_out() == ""
    assert sandbox._still_open() == "a socket of AF_INET could be made all the same"


def test_a_kernel_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(pyseccomp.SyscallFilter, "load", refuse)
    assert sandbox.cut_off() == "the kernel does not allow it (Invalid argument)"
