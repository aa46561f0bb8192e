"""Networks on both engines, the data that they learn from, and their training.

question3               the assignment's network; mlp, scalar_training: networks of Values of any size, one by one
layers, training        networks of Tensors, and how they learn; history: what happened
experiment, sweep       a run said in plain data; many of them, in parallel and continued
kept, predict           trained networks in files: `models.save` and `models.load`; the command that uses them
mistakes                pictures of what a network takes for what
train, checkpoints      the command `python -m models.train`, and what it goes on from
datasets/               data sets by name, and their file formats
by_hand/                the same networks without an engine, as each sheet writes them
"""


def __getattr__(name):
    """models.save and models.load: NumPy is loaded by who asks for them, and not by who wants a network of Values."""
    if name not in ("save", "load"):
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    from . import kept

    return getattr(kept, name)
