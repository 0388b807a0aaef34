"""One suite for every implementation of a port."""

import pytest

pytest.register_assert_rewrite("tests.contracts.archive_contract", "tests.contracts.index_contract")
