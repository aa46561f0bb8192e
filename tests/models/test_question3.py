"""Question 3's network from a JSON file: right numbers, or one line that names the file."""

import json
import re

import pytest

from models.question3 import SHEET, read_case


@pytest.mark.parametrize("text, words", [
    ("[" * 100_000, "recursion"),
    ('{"x":' * 100_000, "recursion"),
    ("[]", "expected an object with the keys x, W, b, V, c, target"),
    ('{"x": [1, 2], "X": 1}', "expected an object"),
    ('{"x": [1, NaN]}', "x has a number that is not finite: [1, nan]"),
    ('{"x": [1, 1e999]}', "x has a number that is not finite"),
    (f'{{"x": [1, {"9" * 400}]}}', "x has a number that is not finite: [1, 999"),
    (f'{{"x": [1, {"9" * 5000}]}}', "4300"),
    ('{"x": [1, true]}', "x must be a list of numbers"),
    ('{"x": "1, 2"}', "x must be a list of numbers"),
    ('{"W": [[1, 1, 1], null]}', "row 2 of W must be a list of numbers, not None"),
    ('{"target": 1.0}', "target is 1.0, and must be a class"),
    (f'{{"target": {[[1, 2, 3]] * 999}}}', "target is [[1, 2, 3], "),
    ('{"b": [0, 0, 0], "c": [1, 2], "b": [9, 9, 9]}', "'b' is given twice"),
    ("", "Expecting value"),
])  # fmt: skip
def test_weights_that_are_none(text, words, tmp_path):
    path = tmp_path / "weights.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: ") as raised:
        read_case(path)
    message = str(raised.value)
    assert words in message and "\n" not in message and len(message) < len(str(path)) + 200


def test_weights_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.json").write_bytes(b'{"x": [1, 2], "\xe9": 1}')
    for name in ("latin.json", "nothing.json", ".", "a\0b"):
        with pytest.raises(ValueError, match=re.escape(str(tmp_path / name))):
            read_case(tmp_path / name)
    (tmp_path / "empty.json").write_text(json.dumps({}))
    assert read_case(tmp_path / "empty.json") == SHEET
