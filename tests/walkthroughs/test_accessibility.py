"""What axe-core finds wrong with every kind of page that is written: nothing that is more than minor."""

import pytest

from models.question3 import SHEET, Question3
from scalar_engine import Value
from walkthroughs.draw import draw
from walkthroughs.marking.feedback import page_for_student, page_for_teacher
from walkthroughs.stepper import Recording, beside, step

from .reports.test_report import small_report
from .stepper.graphs import tensor_loss


def training():
    w = Value(1.0, "w")
    recording = Recording([w], rate=0.25)
    for _ in range(3):
        loss = w * w
        loss.backward()
        with recording.step(loss):
            w.data -= 0.25 * w.grad
        w.grad = None
    return step(recording).html


def report():
    made = small_report()
    made.math(r"\frac{\partial l}{\partial h_1} = 0", "A formula.")
    made.code("x = 1\n" * 3, "Some code.")
    made.picture("graph", draw(Question3(SHEET).l), "The graph.")
    return made.page()


def marked():
    marks = [("k1", "right", 1, 1, ""), ("h1", "wrong", 0, 1, "the sign")]
    result = {"student": "ann", "exercise": "network", "seed": 3, "file": "ann.json", "failed": "", "marks": marks}
    return {**result, "said": "h1 is wrong"}


IN_ALL_PANELS = "goTo(60), select(4), toggleWatched(4), byId('help').click(), byId('take').click(), showTab('values')"
PAGES = {
    "stepper": (None, IN_ALL_PANELS),
    "folded, asking": (None, "goTo(8), byId('fold-all').click(), togglePredict()"),
    "choosing": (
        None,
        "goTo(60), togglePredict(), byId('level').value = 'local', withdraw(), ask(), byId('take').click()",
    ),
    "lecture": (None, "goTo(60), toggleLecture()"),
    "tensors": (lambda: step(tensor_loss()).html, "goTo(9), toggleSizes()"),
    "a product": (lambda: step(tensor_loss()).html, "goTo(12)"),
    "pair": (lambda: beside(Value(3.0, "x") * 2, Value(2.0, "x") * 2).html, None),
    "training": (training, "goTo(2)"),
    "report": (report, None),
    "feedback": (lambda: page_for_student("ann", [marked()]).page(), None),
    "class": (lambda: page_for_teacher([marked()]).page(), None),
}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_weight_is_found(open_page, violations, question3, name):
    made, script = PAGES[name]
    page = open_page(made() if made else question3)
    if script:
        page.evaluate(script)
    assert violations(page) == []
