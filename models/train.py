"""Train a network, and write its learning curve, a checkpoint, and the trained model.

    python -m models.train --data mnist --hidden 300 --epochs 5
    python -m models.train --data digits --hidden 64 --activation relu --optimizer adam --out runs/digits
    python -m models.train --data flowers.csv --labels species --patience 5
    python -m models.train --data mnist --model lenet --optimizer adam --schedule cosine --augment shift --final

MNIST and Fashion-MNIST are read from --data-dir, or from the folder that the environment variable
SCALAR_TO_TENSOR_DATA names, or are downloaded. A file may be CSV with a label column, .npz with x_train, y_train,
x_test and y_test, or IDX. `python -m models.predict` uses the trained model, model.safetensors. A run that was
stopped goes on, bit for bit, with

    python -m models.train --resume --out DIR

and with --epochs, --learning-rate or --patience goes on so from there. --watch writes DIR/health.html, a page that
shows how the network learns while it does, and what is wrong; and it keeps a checkpoint of each epoch, to which
`python -m models.branch` rewinds. Exit status: 0 when all is done, 2 when something that was given is wrong, 3 when
the loss stopped being finite, 130 when interrupted.
"""

import json
import os
import shutil
import sys
import warnings
from pathlib import Path

from threadpoolctl import threadpool_info, threadpool_limits

from tensor_engine.programs import jit

from .command_line import Parser, run
from .experiment import MODELS, OPTIMIZERS, data_of, loss_of, model_of, options_of
from .history import History
from .keeping import checkpoints, kept
from .keeping.files import held, write_whole
from .layers import parameter_count
from .options import FOR_SOME, MAY_CHANGE, OF_A_CALL, SETUP, add_options, pytorchs
from .training import Diverged, evaluate, fit, piece_size
from .training.compiled import CompiledStep, style_for
from .training.mistakes import draw_confusion, draw_mistakes
from .watching import Watch

KEPT_BYTES = 1 << 28  # of the checkpoints of all epochs: of a larger network only the last is kept


def main(arguments=None):
    line = Parser("models.train", __doc__, pytorchs)
    add_options(line)
    given = vars(line.parse_args(arguments))
    out = given.get("out", OF_A_CALL["out"])
    if given.get("program"):
        with line.errors_of(out):
            print(program_of(config_of(given, None), given.get("data_dir")))
        return 0
    path, is_resumed = out / "checkpoint.npz", given.get("resume")
    with line.errors_of(out):
        if is_resumed:
            checkpoints.read(path)  # where there is none, no folder is made
        out.mkdir(parents=True, exist_ok=True)
        with held(out):
            checkpoint = checkpoints.read(path) if is_resumed else None
            config = config_of(given, checkpoint)
            with threadpool_limits(config["threads"], "blas"):
                watch = watch_of(out, given.get("watch"), given.get("tensorboard"), config)
                return train_into(out, config, checkpoint, given.get("data_dir"), given.get("mistakes"), watch)


def config_of(given, checkpoint):
    """All that decides the numbers of a run: the defaults, what a checkpoint was made with, what was given; and how
    many threads BLAS has, since the sums of two differ from those of one.

    Raises ValueError if something was given that the run to be resumed was made without.
    """
    config = {name: given.get(name, default) for name, default in SETUP.items()}
    for option, its, choices in FOR_SOME:
        if option in given and config[its] not in choices:
            raise ValueError(f"--{option.replace('_', '-')} is for --{its} {' and '.join(choices)}")
    config["activation"] = config["activation"] or MODELS[config["model"]][0]
    config["learning_rate"] = config["learning_rate"] or OPTIMIZERS[config["optimizer"]][0]
    if checkpoint is None:
        return {**config, "threads": blas_threads()}
    saved, epochs = checkpoint["config"], checkpoint["history"].epochs
    for name in set(given) - set(OF_A_CALL):
        is_free = name in MAY_CHANGE and (saved.get(name) is not None or name != "patience")  # the best must be known
        if saved.get(name) != given[name] and not is_free:
            raise ValueError(f"--{name.replace('_', '-')} {given[name]}: the run to be resumed has {saved.get(name)}")
    if epochs and given.get("epochs", epochs[-1].epoch) < epochs[-1].epoch:
        raise ValueError(f"--epochs {given['epochs']}: the run to be resumed has had {epochs[-1].epoch}")
    return {**saved, **{name: given[name] for name in MAY_CHANGE & set(given)}}


def program_of(config, data_dir):
    """The text of the program of one training step."""
    setup = checkpoints.setup_of(config)
    data = data_of(setup, data_dir)
    model, optimizer, _ = model_of(setup, data)
    size = min(batch_of(setup, data), piece_size(data.xtrain))
    return CompiledStep(model, loss_of(setup), optimizer).source(data.xtrain[:size], data.ytrain[:size])


def batch_of(setup, data):
    return len(data.xtrain) if setup.batch_size == "full" else setup.batch_size


def blas_threads():
    return max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)


def watch_of(out, page, tensorboard, config):
    """The Watch of a run, if it is to be watched."""
    if not (page or tensorboard):
        return None
    title = f"Training {config['model']} on {Path(config['data']).name}"
    if page:
        print(f"{out / 'health.html'} follows the run: open it in a browser", flush=True)
    return Watch(out / "health.html" if page else None, tensorboard, title)


def keep_epoch(path, epoch):
    """Keep the checkpoint `path` as that of an epoch: by another name of the same file, which costs no time."""
    kept = path.parent / "epochs" / f"{epoch}.npz"
    kept.parent.mkdir(exist_ok=True)
    kept.unlink(missing_ok=True)
    try:
        os.link(path, kept)
    except OSError:  # a file system without such names
        shutil.copyfile(path, kept)


def epochs_kept(folder):
    """{epoch: the checkpoint of it} of a run, in order: those kept by --watch, and the last."""
    found = {int(path.stem): path for path in (folder / "epochs").glob("*.npz") if path.stem.isdecimal()}
    last = folder / "checkpoint.npz"
    if last.exists():
        epochs = checkpoints.read(last)["history"].epochs
        found.setdefault(epochs[-1].epoch if epochs else 0, last)
    return dict(sorted(found.items()))


def train_into(out, config, checkpoint, data_dir, mistakes, watch=None):
    """Load, train, and write everything into the folder `out`; returns the exit status."""
    setup = checkpoints.setup_of(config)
    data = data_of(setup, data_dir)
    model, optimizer, rng = model_of(setup, data)
    if not checkpoint:
        steps = setup.epochs * -(-len(data.xtrain) // batch_of(setup, data))
        config["style"] = "eager" if setup.eager else style_for(optimizer, batch_of(setup, data), steps)
    elif config["style"] == "loops" and not jit.is_there():
        print("Numba is not there, with which the run began: last digits may differ")
        config = {**config, "style": "arrays"}
    path, best = out / "checkpoint.npz", out / "model.safetensors"
    history = checkpoints.restore(checkpoint, path, model, optimizer, rng) if checkpoint else History()
    first = history.epochs[-1].epoch + 1 if history.epochs else 1

    held_out = "test" if setup.final else "validation"
    print(f"{data.name}: {len(data.xtrain)} training and {len(data.xval)} {held_out} instances")
    print(*(f"  {note}" for note in data.notes), sep="\n", end="\n" if data.notes else "")
    print(f"{'-'.join(map(str, model.sizes))}, {setup.activation}, {parameter_count(model):,} parameters")
    if blas_threads() != config["threads"]:
        print(f"BLAS has {blas_threads()} threads, the run began with {config['threads']}: last digits may differ")
    if checkpoint and checkpoint["config"]["learning_rate"] != setup.learning_rate:
        now = config["learning_rate"] * setup.learning_rate_decay ** (first - 1)
        print(
            f"learning rate {setup.learning_rate:g}, not {checkpoint['config']['learning_rate']:g} as until now; with "
            f"the decay of the epochs so far {now:g} in epoch {first}"
        )

    if checkpoint and setup.schedule == "cosine" and checkpoint["config"]["epochs"] != setup.epochs:
        print(f"the cosine is over {setup.epochs} epochs now, and was over {checkpoint['config']['epochs']}")

    def write_config():
        write_whole(out / "config.json", json.dumps(config, indent=1) + "\n")

    def after_epoch(history):
        if blas_threads() < config["threads"]:
            print(f"BLAS goes on with {blas_threads()} thread, which is faster while others have the cores")
            config["threads"] = blas_threads()
            write_config()
        checkpoints.save(path, model, optimizer, rng, history, config)
        if keeps_epochs:
            keep_epoch(path, history.epochs[-1].epoch)
        if setup.patience and history.best is history.epochs[-1]:
            kept.save(best, model, data)
        report(history.epochs[-1], held_out)

    history.interrupted, history.held_out = False, held_out
    if not checkpoint:
        best.unlink(missing_ok=True)  # of an earlier run
        shutil.rmtree(out / "epochs", ignore_errors=True)
    if not checkpoint or checkpoint["config"] != config:  # so that a run can be resumed from its start
        checkpoints.save(path, model, optimizer, rng, history, config)
    keeps_epochs = watch and watch.page and path.stat().st_size * setup.epochs < KEPT_BYTES
    if keeps_epochs and not checkpoint:
        keep_epoch(path, 0)
    write_config()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Diverged)  # it is said below
        history = fit(
            model, data, optimizer, setup.epochs, setup.batch_size, rng, **options_of(setup, data), history=history,
            after_epoch=after_epoch, style=config["style"], watch=watch,
        )  # fmt: skip
    if setup.patience and history.epochs and history.best.epoch < first and best.exists():
        model = kept.load(best).model  # none of this call's epochs was better
    elif not (setup.patience or history.interrupted or history.diverged):
        kept.save(best, model, data)
    for finding in watch.findings if watch else ():
        print(f"{finding.panel}: {finding.text}")
    return tell(out, setup, data, model, history, mistakes)


def tell(out, setup, data, model, history, mistakes):
    """Write what a run has come to, beside its checkpoint and its model, and say so; returns the exit status."""
    stopped = history.interrupted or history.diverged
    if setup.patience and history.epochs and (out / "model.safetensors").exists():
        early = "stopped early; " if history.waited >= setup.patience and not stopped else ""
        print(f"{early}the best epoch is {history.best.epoch}, and the model has its weights")
    written = [out / "config.json", *(history.save(out) if history.batch_losses else [])]
    written += [
        path for path in map(out.joinpath, ("checkpoint.npz", "model.safetensors", "health.html")) if path.exists()
    ]
    if not stopped and (setup.final or mistakes):
        found = evaluate(model, data.xval, data.yval)
        if setup.final:
            print(f"test accuracy {found.accuracy:.4f}")
        if mistakes:
            draw_confusion(found.confusion, data.class_names, out / "confusion.png")
            draw_mistakes(data, found, out / "mistakes.png")
            written += [out / "confusion.png", out / "mistakes.png"]
    print("Written:", *(f"  {name}" for name in written), sep="\n")
    if history.diverged:
        print(f"training diverged: {history.diverged}", file=sys.stderr)
        return 3
    if history.interrupted:
        print(f"interrupted; --resume --out {out} goes on after epoch {len(history.epochs)}")
        return 130
    return 0


def report(epoch, held_out):
    print(
        f"epoch {epoch.epoch:3}  loss {epoch.train_loss:.4f}  accuracy {epoch.train_accuracy:.4f}"
        f"   {held_out} loss {epoch.validation_loss:.4f}  accuracy {epoch.validation_accuracy:.4f}"
        f"   {epoch.seconds:.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    run(main)
