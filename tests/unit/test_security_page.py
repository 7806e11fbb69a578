"""docs/security.md claims nothing that no test shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
#: Rows of tables, without their heads.
CLAIMS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.endswith("| shown by |")]
WRITTEN = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *(?:async )?def (test_\w+)\(", path.read_text(), re.MULTILINE)
}


def test_the_page_claims_something() -> None:
    assert len(CLAIMS) > 30


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_claim_of_the_page_is_shown_by_tests_that_exist(claim: str) -> None:
    shown_by = set(re.findall(r"`(test_\w+)`", claim.split("|")[-2]))
    assert shown_by
    assert shown_by <= WRITTEN


@pytest.mark.parametrize("section", re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:])
def test_each_section_says_what_is_not_defended(section: str) -> None:
    assert "**Not defended.**" in section
