import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.keys import document_key, manifest_key, original_key, record_key
from archive.port import check_key
from domain.errors import Usage

A, B = "a1" * 32, "b2" * 32
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
NAMES = st.text("abcXYZ019._=-", min_size=1, max_size=40).filter(lambda name: not name.startswith("."))
KEYS = st.one_of(
    st.builds(original_key, HASHES),
    st.builds(document_key, NAMES, NAMES, HASHES),
    st.builds(manifest_key, NAMES, HASHES),
    st.builds(record_key, NAMES, st.integers(0, 999_999_999)),
)


def test_layout() -> None:
    assert original_key(A) == f"originals/a1/{A}/original"
    assert document_key("D-7", "document.pdf", A) == f"documents/D-7/{A}/document.pdf"
    assert manifest_key("D-7", B) == f"documents/D-7/{B}/manifest.json"
    assert record_key("IN-2026-000123-7", 42) == "register/IN-2026-000123-7/000000042.json"
    assert record_key("2026/IN/123-7", 42) == record_key("IN-2026-000123-7", 42)


@given(st.sets(KEYS, min_size=2, max_size=8))
def test_no_key_is_a_path_prefix_of_another(keys: set[str]) -> None:
    for key in keys:
        assert check_key(key) == key
        assert not [other for other in keys if other != key and other.startswith(key + "/")]


@given(st.text(max_size=300))
def test_check_key_passes_only_what_is_portable(key: str) -> None:
    try:
        check_key(key)
    except Usage:
        return
    segments = key.split("/")
    assert all(0 < len(segment.encode()) < 255 and not segment.startswith(".") for segment in segments)
    assert key.isascii()
    assert key.isprintable()


@pytest.mark.parametrize("sha256", ["", "A1" * 32, "a1" * 31, "g" * 64, A + "\n", "../" + A])
def test_no_hash(sha256: str) -> None:
    with pytest.raises(Usage, match="no SHA-256"):
        original_key(sha256)


def test_hostile_names() -> None:
    for name in ("../x", "a/b", "", ".", "x\0"):
        with pytest.raises(Usage):
            document_key(name, "document.pdf", A)
        with pytest.raises(Usage):
            document_key("D-7", name, A)
        with pytest.raises(Usage):
            record_key(name, 1)
    for sequence in (-1, 1_000_000_000):
        with pytest.raises(Usage):
            record_key("IN-1", sequence)
