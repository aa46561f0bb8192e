"""Networks on both engines, the data that they learn from, and their training.

question3               the assignment's network; mlp, scalar_training: networks of Values of any size, one by one
layers/, training/      networks of Tensors, by kind of layer, and how they learn; history: what happened
experiment, sweep       a run said in plain data; many of them, in parallel and continued
train, predict, branch  the commands `python -m models.train`, `models.predict` and `models.branch`; options: train's
watching/               a run seen from inside while it goes on, and what is wrong with it
plotting                how pictures of training are drawn
keeping/                what stays on disk: checkpoints, and trained networks (`models.save`, `models.load`)
datasets/               data sets by name, data of one's own, and the file formats of both
by_hand/                the same networks without an engine, as each sheet writes them
"""


def __getattr__(name):
    """models.save and models.load: NumPy is loaded by who asks for them, and not by who wants a network of Values."""
    if name not in ("save", "load"):
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    from .keeping import kept

    return getattr(kept, name)
