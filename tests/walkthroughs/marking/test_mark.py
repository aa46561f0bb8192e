"""A class from the hand-out to the marks: worksheets and code, right, wrong, blank, broken and hostile."""

import csv
import json
import re

import pytest

from walkthroughs.marking import hand_out, mark
from walkthroughs.marking.blanks import SHEETS, as_notebook, as_script, parts_of
from walkthroughs.marking.exercises import drawn
from walkthroughs.marking.submissions import submissions_in

SLIPS = [
    ("self.db = upstream.sum(axis=0)", "self.db = upstream.mean(axis=0)", "Linear: db"),
    ("return upstream * self.positive", "return upstream", "ReLU: dx"),
    ("e / e.sum(axis=1, keepdims=True)", "e / e.sum(axis=0, keepdims=True)", "Softmax: forward"),
]


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """(folder of submissions, folder of results, {student: row of marks.csv}) of one class."""
    folder = tmp_path_factory.mktemp("class") / "in"
    folder.mkdir()
    for seed, student in enumerate(["ann", "bo", "cem", "dora"]):
        exercise = drawn("network", seed, activation="relu")
        answers = {key: round(number, 4) for key, number in exercise.answers().items()}
        change = {
            "bo": {"k1": answers["k1"] + 1},
            "cem": {"h1": None, "dl/do1": ""},
            "dora": {"o1": "<script>alert(1)</script>", "extra": 3},
        }
        head = {"exercise": "network", "seed": seed, "options": {"activation": "relu"}, "name": student}
        text = json.dumps({**head, "answers": answers | change.get(student, {})})
        (folder / f"{student}.json").write_text(text, encoding="utf-8")
    lines = [f"{key};{str(number).replace('.', ',')}" for key, number in drawn("chain", 9).answers().items()]
    (folder / "eve.csv").write_text(
        "\n".join(["exercise;chain", "seed;9", "quantity;answer", *lines]), encoding="utf-8"
    )
    parts = parts_of("lmu")
    right = as_script(parts, solved=True)
    (folder / "fay.py").write_text(right, encoding="utf-8")
    for i, (line, slip, _) in enumerate(SLIPS):
        assert line in right
        (folder / f"gus{i}.py").write_text(right.replace(line, slip), encoding="utf-8")
    own = folder / "hal"
    own.mkdir()
    (own / "lmu.ipynb").write_text(as_notebook("lmu", parts, solved=True), encoding="utf-8")
    broken = {
        "ida.json": "{", "jan.py": "x = 1", "kim.py": "# exercise: lmu\nx = = 1", "lee.ipynb": "[]",
        "moe.py": "# exercise: lmu\nwhile True: pass", "ned.csv": "\x00\x01",
        "ola.json": '{"exercise": "lmo", "seed": 1, "answers": {}}',
        "pia.json": '{"exercise": "network", "seed": 1, "options": {"sizes": [9, 9]}, "answers": {"k1": 1}}',
        "quin.py": "# exercise: lmu\nopen('" + str(folder / "zed.json") + "')",
    }  # fmt: skip
    for name, text in broken.items():
        (folder / name).write_text(text, encoding="utf-8")
    out = folder.parent / "out"
    assert mark.main([str(folder), "--out", str(out), "--workers", "1", "--time-limit", "1"]) == 0
    with (out / "marks.csv").open(encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert len(rows) == len(submissions_in(folder)) == 10 + len(broken)
    return folder, out, rows


def test_right_work_has_all_points(marked):
    _, _, rows = marked
    for student in ("ann", "eve", "fay", "hal"):
        row = rows[student]
        assert float(row["points"]) == float(row["of"]) > 0 and "wrong" not in row["marks"], row
    assert rows["ann"]["seed"] == "0" and rows["eve"]["exercise"] == "chain"


def test_mistakes_cost_their_own_points(marked):
    _, _, rows = marked
    assert "k1:wrong" in rows["bo"]["marks"] and rows["bo"]["marks"].count("wrong") == 1
    assert rows["cem"]["marks"].count("blank") == 2 and rows["cem"]["marks"].count("wrong") == 0
    assert "o1:wrong" in rows["dora"]["marks"]
    for i, (_, _, step) in enumerate(SLIPS):
        assert f"{step}:wrong" in rows[f"gus{i}"]["marks"], rows[f"gus{i}"]


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("ida", "Expecting property name"),
        ("jan", "keep the comment `# exercise"),
        ("kim", "line 2: SyntaxError"),
        ("lee", "cannot be read"),
        ("moe", "did not end within 1 s"),
        ("ned", "seed must be a whole number"),
        ("ola", "there is no exercise 'lmo'"),
        ("pia", "its head"),
        ("quin", "line 2: PermissionError: a submission may not touch"),
    ],
)
def test_what_cannot_be_marked_says_why_in_one_line(marked, student, words):
    _, out, rows = marked
    assert words in rows[student]["remark"] and rows[student]["points"] == "0"
    page = (out / "feedback" / f"{student}.html").read_text(encoding="utf-8")
    assert "It could not be marked" in page


def test_feedback_is_the_students_own_and_nothing_in_it_runs(marked):
    _, out, rows = marked
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (out / "feedback").iterdir()}
    assert set(pages) == set(rows)
    for student, page in pages.items():
        assert not re.search(r"<script|src=|href=\"http", page)
        assert not [other for other in rows if other != student and re.search(rf"\b{other}\b", page)], student
    assert "&lt;script&gt;" in pages["dora"] or "script" in pages["dora"]
    assert "likely slip" in pages["gus0"] and "Not asked for, and not marked" in pages["dora"]
    teacher = (out / "class.html").read_text(encoding="utf-8")
    assert "<script" not in teacher and all(student in teacher for student in rows)
    assert "The commonest slips" in teacher and "How each question went: network" in teacher


def test_what_is_marked_is_not_marked_again(marked, monkeypatch):
    folder, out, rows = marked
    monkeypatch.setattr(mark, "read_submission", lambda *_: pytest.fail("it is marked again"))
    before = (out / "marks.csv").read_bytes()
    assert mark.main([str(folder), "--out", str(out), "--workers", "1", "--time-limit", "1"]) == 0
    assert (out / "marks.csv").read_bytes() == before and len(rows) > 10


def test_points_for_what_follows_from_a_mistake(tmp_path):
    """a is one too large, and f = c * b with c = a ** 2 follows from it: consistent, for all or half of the points."""
    exercise = drawn("chain", 3)
    answers = exercise.answers()
    wrong = follows(exercise, "a", answers["a"] + 1)
    head = {"exercise": "chain", "seed": 3}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(json.dumps({**head, "answers": wrong}), encoding="utf-8")
    points = []
    for share in ("1", "0.5"):
        out = tmp_path / f"out{share}"
        mark.main([str(tmp_path / "in"), "--out", str(out), "--workers", "1", "--consistent", share])
        with (out / "marks.csv").open(encoding="utf-8") as file:
            (row,) = csv.DictReader(file)
        points.append(float(row["points"]))
    consistent = row["marks"].count("consistent")
    assert "a:wrong" in row["marks"] and row["marks"].count("wrong") == 1 and consistent >= 1
    assert points == [len(answers) - 1, len(answers) - 1 - 0.5 * consistent]


def follows(exercise, name, number):
    """The answers of somebody who has `number` for the node of that name, and goes on rightly from there."""
    from scalar_engine.graph import topological_order
    from scalar_engine.passes import backward_pass, forward_pass

    order = topological_order(exercise.root)
    found = forward_pass(order, revise=lambda node, result: number if node.name == name else result)
    gradients = dict(backward_pass(exercise.root, on=found.get))
    named = {node.name: node for node in order}
    return {
        key: gradients[named[key.partition("/d")[2]]] if "/" in key else found[named[key]] for key in exercise.asked
    }


def test_hand_out_writes_sheets_keys_and_code(tmp_path, capsys):
    assert hand_out.main(["softmax", "--seed", "7", "--count", "2", "--out", str(tmp_path / "w")]) == 0
    for seed in (7, 8):
        folder = tmp_path / "w" / "sheets" / str(seed)
        assert {"report.html", "report.tex", "answers.json", "answers.csv"} <= {path.name for path in folder.iterdir()}
        sheet, key = (
            (tmp_path / "w" / kind / str(seed) / "report.html").read_text(encoding="utf-8")
            for kind in ("sheets", "keys")
        )
        for number in drawn("softmax", seed).answers().values():
            assert f"{number:.4f}" in key and (f"{number:.4f}" not in sheet or number == int(number))
        assert str(tmp_path) not in sheet and "Seconds" not in sheet
    assert hand_out.main(["augsburg", "--out", str(tmp_path / "c")]) == 0
    assert {path.name for path in (tmp_path / "c" / "release" / "augsburg").iterdir()} == {
        "augsburg.py",
        "augsburg.ipynb",
    }
    assert "Written" in capsys.readouterr().out


def test_every_solution_has_all_points_and_every_blank_none(tmp_path):
    for name in SHEETS:
        for solved in (True, False):
            folder = tmp_path / f"{name}{solved}"
            folder.mkdir()
            (folder / "a.py").write_text(as_script(parts_of(name), solved), encoding="utf-8")
            result = mark.marked({"student": "a", "file": str(folder / "a.py")}, 1.0, 20, 2048)
            assert not result["failed"] and result["marks"]
            marks = [row[1] for row in result["marks"]]
            given = [row[0] for row in result["marks"] if row[0] in ("del_sigmoid: forward", "SoftmaxLayer: forward")]
            assert set(marks) == {"right"} if solved else marks.count("right") <= len(given), (name, result)
            assert solved or "still to be written" in result["said"] and "wrong" not in marks


def test_a_script_may_compute_a_worksheets_answers(tmp_path):
    """Its own numbers are marked like those of a file; without the seed nobody knows which worksheet it is of."""
    exercise = drawn("network", 3, sizes=[2, 2], activation="relu")
    head = '# exercise: network, seed: 3, options: {"sizes": [2, 2], "activation": "relu"}'
    for source, points, failed in [
        (f"{head}\nanswers = {exercise.answers()!r}", len(exercise.asked), ""),
        (f"{head}\nanswers = {{}}", 0, ""),
        (f"{head}\nx = 1 / 0", 0, "line 2: ZeroDivisionError"),
        ("# exercise: network\nanswers = {}", 0, "says its seed too"),
    ]:
        (tmp_path / "a.py").write_text(source, encoding="utf-8")
        result = mark.marked({"student": "a", "file": str(tmp_path / "a.py")}, 1.0, 20, 2048)
        assert sum(row[2] for row in result["marks"]) == points, result
        assert failed in result["failed"] and bool(failed) == bool(result["failed"])
