"""The list of all walkthroughs: which question of which sheet each answers, and about how long it takes.

A new one is a script with a `main`, in its sheet's room in sheets/, and an entry here.
"""

from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Sheet:
    """A course sheet. `key` is the name of its room in sheets/."""

    key: str
    title: str


@dataclass(frozen=True)
class Entry:
    """A walkthrough, run with `python -m walkthroughs NAME`.

    module      its script in sheets/, such as "vu.question3"
    seconds     for the whole data, on two cores
    line        what it does, in a line
    is_seeded   whether --seed draws what is random in it; in Question 3 it would draw another question
    """

    name: str
    module: str
    question: str
    seconds: float
    line: str
    is_seeded: bool = True

    @property
    def sheet(self):
        return SHEETS[self.module.partition(".")[0]]

    @property
    def source(self):
        return f"{self.sheet.title}: {self.question}"

    @property
    def main(self):
        """The script's `main(arguments=None)`, which returns the exit status."""
        return import_module(f"walkthroughs.sheets.{self.module}").main


SHEETS = {
    sheet.key: sheet
    for sheet in [
        Sheet("vu", "VU, Assignment 1"),
        Sheet("tsm", "MSE TSM 2022, Practical Work 03"),
        Sheet("lmu", "LMU 2024, Exercise Sheet 3"),
        Sheet("augsburg", "Augsburg, Tutorial 04"),
        Sheet("ftp", "MSE FTP 2025, Practical work 04"),
        Sheet("beyond", "Beyond the sheets"),
    ]
}
ENTRIES = [
    Entry("derivations", "vu.derivations", "Questions 1 and 2", 1,
          "local derivatives by the engine's rules, each step of the chain rule"),
    Entry("question3", "vu.question3", "Question 3", 1,
          "the tiny network's derivatives, by hand too; --random SEED: an exam and its key", is_seeded=False),
    Entry("question4", "vu.question4", "Question 4", 3,
          "the scalar network learns the synthetic data"),
    Entry("from_scalar_to_tensor", "vu.from_scalar_to_tensor", "Part 2 to Part 3", 1,
          "one network as Values, as programs, as Tensors"),
    Entry("question5", "vu.question5", "Question 5", 35,
          "784-300-10 on MNIST, and gradients averaged over a few instances"),
    Entry("question6", "vu.question6", "Question 6", 4,
          "the batched passes equal one instance at a time, and where they are faster"),
    Entry("question7", "vu.question7", "Questions 7, 7.1-7.4", 130,
          "loss curves, initialisations, learning rates, a final choice"),
    Entry("tsm_exercise1", "tsm.exercise1", "Exercise 1", 1,
          "what a class needs to be a layer"),
    Entry("tsm_exercise2", "tsm.exercise2", "Exercise 2", 290,
          "eight variants, each with its learning rate tuned; a favourite"),
    Entry("tsm_exercise3", "tsm.exercise3", "Exercise 3", 40,
          "backpropagation without autograd, checked against PyTorch, trained"),
    Entry("tsm_exercise4", "tsm.exercise4", "Exercise 4", 4,
          "autograd by examples, on the engine and in PyTorch"),
    Entry("tsm_exercise5", "tsm.exercise5", "Exercise 5", 9,
          "review questions: parameters, linear layers, cost, memory"),
    Entry("lmu_task1", "lmu.task1", "Task 1", 29,
          "softmax's constant; two moons with ever deeper networks, and overfitting"),
    Entry("lmu_task2", "lmu.task2", "Task 2", 11,
          "MNIST's statistics, principal components, and the projection onto two"),
    Entry("lmu_task3", "lmu.task3", "Tasks 3 and 4", 55,
          "a five-layer ReLU network with Adam, in PyTorch too; what its layers see"),
    Entry("lmu_task5", "lmu.task5", "Task 5", 40,
          "batch and layer normalisation: derivatives, with and without, small batches"),
    Entry("augsburg", "augsburg.tutorial04", "Exercises 1-7", 1050,
          "1,000 full-batch steps of 784-400-400-10, against mini-batches"),
    Entry("ftp_exercise2", "ftp.exercise2", "Exercises 1 and 2", 8,
          "propagate and backpropagate, and the sheet's gradient check"),
    Entry("ftp_exercise3", "ftp.exercise3", "Exercise 3", 300,
          "Fashion-MNIST by hand and by the engine: 150 units against 250-150-50"),
    Entry("convolution", "beyond.convolution", "Convolutions", 60,
          "a filter by hand, its backward pass as a convolution, filters that are learned; by loops too"),
]  # fmt: skip
BY_NAME = {entry.name: entry for entry in ENTRIES}


def entry_of(name):
    """The Entry of a walkthrough. Raises ValueError, with what is to be done, if there is none yet."""
    if name not in BY_NAME:
        raise ValueError(f'"{name}" is not in walkthroughs/catalogue.py yet: add an Entry("{name}", ...) to ENTRIES')
    return BY_NAME[name]


def about(seconds):
    """A time, roughly, in words."""
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
