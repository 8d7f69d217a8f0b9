"""Every sample of the corpus is found, as a file of its own and behind whatever else may stand there."""

from __future__ import annotations

import pytest
from tests.corpus.hostile import samples
from tests.corpus.opcodes import Sample

from modelward.checks.scan.walk import examine
from modelward.core.finding import Severity
from modelward.core.limits import Limits
from modelward.formats.source import BytesSource

# Refused by every loader that does not say what its persistent ids are, so what they do is not known.
_UNKNOWN_LOADER = frozenset({"persistent-id-text"})


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_it_is_found(sample: Sample) -> None:
    scan = examine(BytesSource(sample.data), Limits())
    worst = max(finding.severity for finding in scan.findings)
    if sample.name in _UNKNOWN_LOADER:
        assert scan.unexamined
    else:
        assert worst >= Severity.MEDIUM
