from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from localcloud.aws.cloud import Aws


@pytest.fixture(scope="package")
async def aws() -> AsyncIterator[Aws]:
    """moto in a process of its own."""
    async with Aws(environment={}) as started:
        yield started
