"""What importing the engine costs and loads."""

import os
import subprocess
import sys

from tests import ROOT


def run(program):
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ}).stdout


def test_scalar_engine_loads_the_standard_library_only():
    """-S leaves third-party packages out of reach; what is loaded beside it must be Python's own."""
    loaded = run("import scalar_engine; print(*{name.partition('.')[0] for name in sys.modules})").split()
    assert set(loaded) - {"scalar_engine", "__main__"} <= set(sys.stdlib_module_names)


def test_what_writes_programs_is_loaded_when_one_is_made():
    """What reads the text of rules is slow to import, and needs the engine's own text."""
    program = "import scalar_engine as s; before = {*sys.modules}; s.compile_graph(s.Value(2.0) * 3)"
    loaded = run(f"{program}; print(*{{*sys.modules}} - before)").split()
    assert "scalar_engine.programs.rule_text" in loaded and not any(name.startswith("tensor_engine") for name in loaded)


def test_tensor_engine_adds_numpy_only():
    program = "import sys; before = set(sys.modules); import tensor_engine; print(*set(sys.modules) - before)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    packages = {name.partition(".")[0] for name in loaded}
    assert packages - set(sys.stdlib_module_names) <= {"numpy", "scalar_engine", "tensor_engine"}


def test_modules_import_in_one_direction():
    """naming <- graph <- operators <- arithmetic <- value, and the rest on top of them."""
    program = "import {} as module; print(*sorted(n for n in sys.modules if n.startswith('scalar_engine.')))"
    for module, allowed in [
        ("naming", set()),
        ("graph", {"naming"}),
        ("step_functions", {"graph"}),
        ("operators", {"graph", "step_functions"}),
        ("further_operators", {"graph", "operators", "step_functions"}),
        ("arithmetic", {"graph", "operators", "further_operators"}),
    ]:
        source = (ROOT / "scalar_engine" / f"{module}.py").read_text()
        imported = {line.split()[1].lstrip(".") for line in source.splitlines() if line.startswith("from .")}
        assert imported <= allowed, module
    assert "scalar_engine.graph" in run(program.format("scalar_engine"))


def test_engines_and_models_know_no_picture():
    for package, strangers in [
        ("scalar_engine", ("numpy", "tensor_engine", "models", "walkthroughs", "graphviz", "matplotlib")),
        ("tensor_engine", ("models", "walkthroughs", "graphviz", "matplotlib", "scipy")),
        ("models", ("walkthroughs", "graphviz")),
    ]:
        for path in (ROOT / package).rglob("*.py"):
            for line in path.read_text().splitlines():
                words = line.split()
                if words[:1] in (["import"], ["from"]):
                    assert words[1].partition(".")[0] not in strangers, f"{path.name}: {line}"


def test_stepping_through_values_loads_no_numpy():
    """As in the playground, where Graphviz is the page's own, and LaTeX is typeset by Python alone."""
    program = """
import json, sys, types
sys.platform = "emscripten"
place = {"pos": "0,0", "width": "1", "height": "1"}
layout = {"objects": [{"name": name, **place} for name in ("n0", "n1", "n1_op")], "bb": "0,0,1,1"}
sys.modules["js"] = types.SimpleNamespace(layout=lambda source: json.dumps(layout))
from scalar_engine import Value, derive
from walkthroughs.stepper import Recording, beside, step
x = Value(2.0, "x")
y = (x * x).named("y")
recording = Recording([x], 0.1)
y.backward()
with recording.step(y):
    pass
step(y).html, step(y).text(), step(recording).html, beside(y, y).html, derive(y, x)
print(*{name.partition(".")[0] for name in sys.modules})
"""
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    typesetting = {"latex2mathml", "markupsafe", "_markupsafe"}
    ours = {"scalar_engine", "walkthroughs", "models", "js"}
    assert {"latex2mathml", "walkthroughs"} <= set(loaded)
    strangers = {name for name in loaded if not name.startswith("_")} - set(sys.stdlib_module_names)
    assert strangers <= typesetting | ours, strangers
