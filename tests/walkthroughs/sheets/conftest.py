import pytest

from walkthroughs.drawing.rendering import Drawing
from walkthroughs.reports import report
from walkthroughs.reports.saving import write_file


@pytest.fixture
def plain(monkeypatch):
    """Reports are written without figures, pictures and steppers: where only their numbers and words matter."""
    monkeypatch.setattr(report, "save", lambda figure, path: path)
    monkeypatch.setattr(report, "svg_of", lambda figure: "<svg>")
    monkeypatch.setattr(Drawing, "write", lambda drawing, path: path)
    monkeypatch.setattr(Drawing, "pipe", lambda drawing, **options: b"<svg>")
    unless_stepper = lambda path, content: path if path.name == "stepper.html" else write_file(path, content)
    monkeypatch.setattr(report, "write_file", unless_stepper)
