"""The list of all walkthroughs: what each answers, and about how long it takes."""

from dataclasses import dataclass
from importlib import import_module

VU = "VU, Assignment 1"
AUGSBURG = "Augsburg, Tutorial 04"
TSM = "MSE TSM 2022, Practical Work 03"
FTP = "MSE FTP 2025, Practical work 04"
LMU = "LMU 2024, Exercise Sheet 3"


@dataclass(frozen=True)
class Entry:
    """A walkthrough, run with `python -m walkthroughs NAME`. `seconds` is for the whole data on two cores."""

    name: str
    module: str  # in sheets/
    sheet: str
    question: str
    line: str
    seconds: float

    @property
    def source(self):
        return f"{self.sheet}: {self.question}"

    @property
    def main(self):
        """The script's `main(arguments=None)`, which returns the exit status."""
        return import_module(f"walkthroughs.sheets.{self.module}").main


ENTRIES = [
    Entry(
        "derivations",
        "vu.derivations",
        VU,
        "Questions 1 and 2",
        "local derivatives, in LaTeX too; also Augsburg 2 and 7, LMU 1.1",
        1,
    ),
    Entry(
        "question3",
        "vu.question3",
        VU,
        "Question 3",
        "the tiny network's derivatives, or --random SEED: an exam and its key",
        1,
    ),
    Entry("question4", "vu.question4", VU, "Question 4", "the scalar network learns the synthetic data", 3),
    Entry(
        "from_scalar_to_tensor",
        "vu.from_scalar_to_tensor",
        VU,
        "Part 2 to Part 3",
        "one network as Values, as programs, as Tensors",
        1,
    ),
    Entry(
        "question5",
        "vu.question5",
        VU,
        "Question 5",
        "784-300-10 on MNIST, and gradients averaged over a few instances",
        15,
    ),
    Entry(
        "question6",
        "vu.question6",
        VU,
        "Question 6",
        "the batched passes equal one instance at a time, and are faster",
        4,
    ),
    Entry(
        "question7",
        "vu.question7",
        VU,
        "Questions 7, 7.1-7.4",
        "loss curves, initialisations, learning rates, a final choice",
        115,
    ),
    Entry(
        "tsm_exercise2",
        "tsm.exercise2",
        TSM,
        "Exercise 2",
        "eight variants, each with its learning rate tuned; a favourite",
        290,
    ),
    Entry(
        "tsm_exercise3",
        "tsm.exercise3",
        TSM,
        "Exercise 3",
        "backpropagation without autograd, checked against PyTorch, trained",
        40,
    ),
    Entry(
        "tsm_exercise5",
        "tsm.exercise5",
        TSM,
        "Exercise 5",
        "review questions: parameters, linear layers, cost, memory",
        9,
    ),
    Entry(
        "lmu_task1",
        "lmu.task1",
        LMU,
        "Task 1",
        "softmax's constant; two moons with ever deeper networks, and overfitting",
        12,
    ),
    Entry(
        "lmu_task2",
        "lmu.task2",
        LMU,
        "Task 2",
        "MNIST's statistics, principal components, and the projection onto two",
        6,
    ),
    Entry(
        "lmu_task3",
        "lmu.task3",
        LMU,
        "Tasks 3 and 4",
        "a five-layer ReLU network with Adam, and what its layers see",
        17,
    ),
    Entry(
        "augsburg",
        "augsburg.tutorial04",
        AUGSBURG,
        "Exercises 1-7",
        "1,000 full-batch steps of 784-400-400-10, against mini-batches",
        1000,
    ),
    Entry(
        "ftp_exercise2",
        "ftp.exercise2",
        FTP,
        "Exercises 1 and 2",
        "propagate and backpropagate, and the sheet's gradient check",
        8,
    ),
    Entry(
        "ftp_exercise3",
        "ftp.exercise3",
        FTP,
        "Exercise 3",
        "Fashion-MNIST: 150 units against 250-150-50; weights as images",
        230,
    ),
]
BY_NAME = {entry.name: entry for entry in ENTRIES}
