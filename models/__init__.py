"""Networks on both engines, the data that they learn from, and their training.

question3               the assignment's network; mlp, scalar_training: networks of Values of any size, one by one
layers, training        networks of Tensors, and how they learn; history: what happened
experiment, sweep       a run said in plain data; many of them, in parallel and continued
train, checkpoints      the command `python -m models.train`, and what it goes on from
datasets/               data sets by name, and their file formats
by_hand/                the same networks without an engine, as each sheet writes them
"""
