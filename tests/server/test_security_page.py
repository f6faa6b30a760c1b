"""What docs/security.md names as shown is shown: each test of it is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| Against", "| ---"))]


def functions(file: Path) -> set[str]:
    """The names of the functions at the top of a file."""
    return {node.name for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_what_it_names_is_there(row: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row)
    assert named, "no test shows it"
    for path, name in named:
        file = ROOT / path
        assert file.is_file(), path
        assert not name or name in functions(file), name


def test_the_page_has_rows() -> None:
    assert len(ROWS) >= 15
