"""Sweeps: the same numbers for any number of workers, continued after a kill, and on a Dask cluster."""

import json
import linecache
import os
import subprocess
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from models import sweep as module
from models.experiment import OPTIMIZERS, Setup, data_of, model_of, train
from models.history import History
from models.keeping.files import InUse, held
from models.sweep import run_one, run_setup, sweep, sweep_of
from tensor_engine.optimizers import SGD
from tests import ROOT

SETUPS = [Setup("digits", (8,), limit=200, epochs=2, seed=seed, learning_rate=rate)
          for seed in (0, 1) for rate in (0.1, 0.5)]  # fmt: skip


def square(config):
    """A run that leaves a trace: a line in the file `log`."""
    if config.get("fail"):
        raise RuntimeError("this run fails")
    if "log" in config:
        with Path(config["log"]).open("a") as file:
            file.write(f"{config['x']}\n")
    return {"square": config["x"] ** 2, "pid": os.getpid()}


def threads(config):
    import numpy as np

    np.ones((8, 8)) @ np.ones((8, 8))
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def asleep(config):
    """A run that leaves its process's number, and does not end."""
    Path(config["folder"], str(os.getpid())).touch()
    time.sleep(600)


def numbers(histories):
    """What must not depend on where a run ran: everything but its seconds."""
    return [(h.batch_losses, [(e.train_loss, e.validation_loss, e.validation_accuracy) for e in h.epochs])
            for h in histories]  # fmt: skip


def typed(text, known):
    """The function f of a text that no file holds: of a notebook's cell, or, if nothing has kept it, of a prompt."""
    name = f"<cell {hash(text)}>"
    if known:
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace = {"__name__": "__main__"}
    exec(compile(text, name, "exec"), namespace)
    return namespace["f"]


def test_a_function_from_a_cell_runs_and_one_that_nobody_has_kept_is_told(tmp_path):
    first, second = (typed(f"def f(config):\n    return config['x'] * {n}\n", known=True) for n in (2, 3))
    assert sweep(first, [{"x": 1}], tmp_path / "a.jsonl", workers=1) == [2]
    assert sweep(second, [{"x": 1}], tmp_path / "a.jsonl", workers=1) == [3]  # another text: it is run again
    with pytest.raises(ValueError, match="the text of f cannot be read.*put f into a file"):
        sweep(typed("def f(config): return 1", known=False), [{"x": 1}], tmp_path / "b.jsonl", workers=1)


def test_results_come_in_the_order_of_the_configurations(tmp_path):
    found = sweep(square, [{"x": x} for x in (3, 1, 2)], tmp_path / "a.jsonl", workers=1)
    assert [result["square"] for result in found] == [9, 1, 4]
    assert {result["pid"] for result in found} == {os.getpid()}


def test_any_number_of_workers_gives_the_same_numbers(tmp_path):
    one, two = (sweep_of(SETUPS, tmp_path / f"{n}.jsonl", workers=n) for n in (1, 2))
    assert numbers(one) == numbers(two)
    assert one[0].batch_losses != one[2].batch_losses  # the seed matters
    assert numbers(one[:1]) == numbers([train(SETUPS[0])[1]])


@pytest.mark.parametrize("workers", [1, 2])
def test_every_run_has_one_blas_thread(workers, tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    with threadpool_limits(2):
        found = sweep(threads, [{"x": 0}, {"x": 1}], tmp_path / "t.jsonl", workers)
        assert all(set(counts) == {1} for counts in found)
        assert set(threads({})) == {2}  # the caller has its threads back
        assert set(run_one(threads, "", {})[1]) == {1}  # on whatever machine a cluster runs it


def test_what_is_done_is_not_done_again(tmp_path):
    log, path = tmp_path / "log", tmp_path / "a.jsonl"
    configs = [{"x": x, "log": str(log)} for x in range(4)]
    sweep(square, configs[:2], path, workers=1)
    assert [result["square"] for result in sweep(square, configs, path, workers=1)] == [0, 1, 4, 9]
    assert log.read_text().split() == ["0", "1", "2", "3"]


def test_a_line_cut_short_by_a_kill_is_run_again(tmp_path):
    log, path = tmp_path / "log", tmp_path / "a.jsonl"
    configs = [{"x": x, "log": str(log)} for x in range(3)]
    whole = sweep(square, configs, path, workers=1)
    path.write_bytes(path.read_bytes()[:-5])
    assert sweep(square, configs, path, workers=1) == whole
    assert log.read_text().split() == ["0", "1", "2", "2"]
    assert len(path.read_text().splitlines()) == 4  # the head and three whole lines
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_results_of_other_code_are_not_taken(tmp_path, monkeypatch):
    log, path = tmp_path / "log", tmp_path / "a.jsonl"
    config = [{"x": 5, "log": str(log)}]
    sweep(square, config, path, workers=1)
    monkeypatch.setattr(module.np, "__version__", "0")
    sweep(square, config, path, workers=1)
    assert log.read_text().split() == ["5", "5"]


def test_a_run_that_fails_leaves_the_others_results(tmp_path):
    path = tmp_path / "a.jsonl"
    with pytest.raises(RuntimeError, match="this run fails"):
        sweep(square, [{"x": 1}, {"x": 2, "fail": True}], path, workers=1)
    assert [json.loads(line)["result"]["square"] for line in path.read_text().splitlines()[1:]] == [1]


def test_configurations_alike_are_refused(tmp_path):
    with pytest.raises(ValueError, match="alike"):
        sweep(square, [{"x": 1}, {"x": 1}], tmp_path / "a.jsonl")


def test_a_killed_sweep_continues_and_equals_one_never_killed(tmp_path):
    """SIGKILL as soon as the first result is there; the file then holds some results but not all: one never comes."""
    setups = [SETUPS[0].but(seed=seed, epochs=30) for seed in range(6)]
    path = tmp_path / "killed.jsonl"
    program = (
        "import sys; from models.experiment import Setup; from models.sweep import sweep_of;"
        "each = Setup('digits', (8,), limit=200, epochs=30);"
        "setups = [*(each.but(seed=seed) for seed in range(3)), each.but(epochs=10**9)];"
        "sweep_of(setups, sys.argv[1], workers=1)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stderr=subprocess.PIPE)
    while process.poll() is None and (not path.exists() or len(path.read_text().splitlines()) < 2):
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert 2 <= len(path.read_text().splitlines()) < 5
    continued = sweep_of(setups, path, workers=1)
    assert numbers(continued) == numbers(sweep_of(setups, tmp_path / "whole.jsonl", workers=1))


DAMAGES = {
    "a middle line cut": lambda lines: [lines[0], lines[1], lines[2][:-20], lines[3]],
    "a number altered": lambda lines: [*lines[:2], lines[2].replace(b'"square": 1', b'"square": 7'), lines[3]],
    "another configuration": lambda lines: [*lines[:2], lines[2].replace(b'\\"x\\": 1', b'\\"x\\": 9'), lines[3]],
    "a list": lambda lines: [*lines[:2], b"[1, 2]", lines[3]],
    "a configuration that is none": lambda lines: [*lines[:2], b'{"config": {}, "result": 1}', lines[3]],
    "no UTF-8": lambda lines: [*lines[:2], b"\xff\xfe", lines[3]],
    "nested deep": lambda lines: [*lines[:2], b"[" * 100_000, lines[3]],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_line_is_run_again_and_said(damage, tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    configs = [{"x": x} for x in range(3)]
    whole = sweep(square, configs, path, workers=1)
    path.write_bytes(b"\n".join(DAMAGES[damage](path.read_bytes().splitlines())) + b"\n")
    capsys.readouterr()
    log = tmp_path / "log"
    assert sweep(partial(logged, str(log)), configs, path, workers=1) == whole
    assert log.read_text().split() == ["1"]
    assert capsys.readouterr().err == f"{path}: damaged in line 3; what was there is run again\n"
    assert sweep(square, configs, path, workers=1) == whole and not capsys.readouterr().err


def logged(log, config):
    square({**config, "log": log})
    return square(config)


def test_a_damaged_head_loses_nothing_and_other_code_is_said(tmp_path, capsys, monkeypatch):
    path, log = tmp_path / "a.jsonl", tmp_path / "log"
    configs = [{"x": x, "log": str(log)} for x in range(2)]
    sweep(square, configs, path, workers=1)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    sweep(square, configs, path, workers=1)
    assert log.read_text().split() == ["0", "1"] and not capsys.readouterr().err
    monkeypatch.setattr(module.np, "__version__", "0")
    sweep(square, configs, path, workers=1)
    assert capsys.readouterr().err == f"{path}: results of other code; they are run again\n"


def test_two_sweeps_do_not_write_one_file(tmp_path):
    path = tmp_path / "a.jsonl"
    with held(path), pytest.raises(InUse, match=f"a.jsonl is in use: process {os.getpid()} on "):
        sweep(square, [{"x": 1}], path, workers=1)
    assert sweep(square, [{"x": 1}], path, workers=1) and [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    """SIGKILL of the parent while two workers run and a third, if there is one, has nothing to do."""
    program = (
        "import sys; from models.sweep import sweep; from tests.models.test_sweep import asleep;"
        "sweep(asleep, [{'x': x, 'folder': sys.argv[1]} for x in range(2)], sys.argv[1] + '.jsonl', workers=3)"
    )
    folder = tmp_path / "pids"
    folder.mkdir()
    process = subprocess.Popen([sys.executable, "-c", program, str(folder)], stderr=subprocess.DEVNULL, cwd=ROOT)
    until(lambda: len(list(folder.iterdir())) == 2 or process.poll() is not None, 60)
    workers = children_of(process.pid)
    assert {int(path.name) for path in folder.iterdir()} <= set(workers)
    process.kill()
    process.wait()
    until(lambda: not any(map(is_running, workers)), 60)
    assert not any(map(is_running, workers))


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


def stat_of(pid):
    """Linux's state and parent of a process: ("R", 1); None if there is none."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return state, int(parent)


def children_of(pid):
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [number for number in numbers if (stat_of(number) or ("", 0))[1] == pid]


def is_running(pid):
    found = stat_of(pid)
    return found is not None and found[0] not in "ZX"


@pytest.mark.filterwarnings("default")  # of the cluster's own making
def test_the_same_call_runs_on_a_dask_cluster(scheduler, tmp_path):
    here = sweep_of(SETUPS, tmp_path / "here.jsonl", workers=1)
    there = sweep_of(SETUPS, tmp_path / "there.jsonl", dask=scheduler)
    assert numbers(there) == numbers(here)
    found = sweep(square, [{"x": x} for x in range(12)], tmp_path / "pids.jsonl", dask=scheduler)
    assert os.getpid() not in {result["pid"] for result in found}


def test_no_scheduler_is_one_clear_line(tmp_path, needed, monkeypatch):
    monkeypatch.setattr(module, "DASK_TIMEOUT", 0.5)
    try:
        import distributed  # noqa: F401
    except ImportError:
        needed(False, "distributed")
    with pytest.raises(ValueError, match="no Dask scheduler answers at nowhere:1"):
        sweep(square, [{"x": 1}], tmp_path / "a.jsonl", dask="nowhere:1")


def test_a_setup_says_its_layers_and_builds_them():
    setup = Setup("digits", (8, 4), "relu", "adam", classes=(3, 5), limit=100)
    assert setup.layers == "64-8-4-2" and Setup("mnist").layers == "784-300-10"
    data = data_of(setup)
    assert set(data.yval) == {0, 1} and len(data.xtrain) == 100 and len(data.xval) == 25
    assert model_of(setup, data)[0].sizes == [64, 8, 4, 2]
    assert abs(data.xtrain.mean()) < 1e-5  # standardised by the slice itself


def test_a_setup_from_json_is_the_same_run():
    """Lists instead of tuples."""
    setup = Setup("digits", (8,), classes=(3, 5), limit=100, validation=60)
    again = Setup(**json.loads(json.dumps(asdict(setup))))
    first, second = data_of(setup), data_of(again)
    assert first.digest == second.digest and set(second.yval) == {0, 1} and len(second.xval) < 60
    assert model_of(again, second)[0].sizes == model_of(setup, first)[0].sizes


@pytest.mark.parametrize("field, words", [
    ("optimizer", "there is no optimizer 'nosuch', only sgd, adam"),
    ("activation", "there is no activation 'nosuch', only sigmoid, relu, tanh"),
    ("scaling", "there is no scaling 'nosuch', only standardised, symmetric"),
])  # fmt: skip
def test_an_unknown_name_says_which_there_are(field, words):
    with pytest.raises(ValueError, match=words):
        train(Setup("digits", (8,), limit=100, **{field: "nosuch"}))


def test_an_optimizer_is_one_entry(monkeypatch):
    """Its usual rate, unless another is given, and the Setup's fields that it takes."""
    plain = lambda setup, parameters, rate: SGD(parameters, rate, weight_decay=setup.weight_decay)
    monkeypatch.setitem(OPTIMIZERS, "plain", (0.05, plain))
    setup = Setup("digits", (8,), optimizer="plain", weight_decay=0.25, limit=100)
    optimizer = model_of(setup, data_of(setup))[1]
    assert (optimizer.learning_rate, optimizer.weight_decay, optimizer.momentum) == (0.05, 0.25, 0.0)
    assert model_of(setup.but(learning_rate=0.5), data_of(setup))[1].learning_rate == 0.5
    rates = {name: model_of(setup.but(optimizer=name), data_of(setup))[1].learning_rate for name in ("sgd", "adam")}
    assert rates == {"sgd": 0.1, "adam": 0.001}


def test_a_history_survives_json():
    fields = run_setup({"data": "digits", "hidden": [8], "limit": 100, "epochs": 1}, data_dir=None)
    history = History.from_dict(json.loads(json.dumps(fields)))
    assert numbers([history]) == numbers([train(Setup("digits", (8,), limit=100, epochs=1))[1]])
