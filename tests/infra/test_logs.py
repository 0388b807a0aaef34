import pytest
import structlog

from infra.logs import to_stderr


def test_a_trace_shows_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Among the local variables of a failed connection are passwords."""
    before = structlog.get_config()
    to_stderr()
    try:
        password = "geheim"
        raise RuntimeError("connecting failed")
    except RuntimeError:
        structlog.get_logger().exception("a fault")
    finally:
        structlog.configure(**before)
    said = capsys.readouterr().err
    assert "RuntimeError: connecting failed" in said
    assert password not in said.replace('password = "geheim"', "")  # the source line itself
