"""The slips that people make in the two passes: what each is called, and the sentence that tells of it.

The text stands here and nowhere else. Code tells slips apart as objects, so that a sentence can be written anew without
anything noticing. What each would lead to: candidates, backward, forward. Which was made: diagnosis; which are to be
expected: likely.
"""

from __future__ import annotations

TYPE_CHECKING = False  # mypy takes it for true; typing, which has one, takes 2 ms to import
if TYPE_CHECKING:
    from ...graph import Node


class Slip:
    """A likely slip, as `check_steps` reports it.

    >>> x = Value(2.0, "x")
    >>> check_steps((1 / x).named("y"), {"dx": 0.25}).slip
    <missing minus: what comes through y = 1 / x has the wrong sign; is a minus missing?>

    kind    one of the kinds below, in a word or two
    text    what went wrong, in a sentence
    node    the node whose value or gradient it made wrong; later ones have inherited it
    """

    def __init__(self, kind: str, text: str, node: Node) -> None:
        self.kind = kind
        self.text = text
        self.node = node

    def __repr__(self) -> str:
        return f"<{self.kind}: {self.text}>"


class KnownSlip:
    """A slip that people make: its kind, and its sentence, with {gaps}.

    {formula} is what the operator was applied to, {x} the operand that receives the gradient, {out} the operator's
    output, {op} its name, {node} the node with the wrong number; what else a gap holds, the `Candidate` says.
    """

    def __init__(self, kind: str, sentence: str) -> None:
        self.kind = kind
        self.sentence = sentence

    def __repr__(self) -> str:
        return f"<{self.kind}: {self.sentence}>"


# ---- kinds

PATHS = "missing +="
MINUS = "missing minus"
PLACE = "input instead of output"
LOG = "base of the log"
BATCH = "factor of the batch size"
TRANSPOSED = "transposed"
BROADCAST = "broadcast not summed"
LOCAL = "local derivative forgotten"
UPSTREAM = "upstream forgotten"
OPERANDS = "operands exchanged"
TERM = "operand forgotten"
OPERATOR = "operator forgotten"
TWICE = "counted twice"
FACTOR = "constant factor"
FUNCTION = "another function"
ARGUMENT = "sign of the argument"
STANDS_IN = "another quantity"
POWER = "rule of powers"
UNASSIGNED = "never assigned"
BRACKETS = "bracket in the wrong place"
DIGITS = "digits"
ONE_HOT = "one-hot"
EARLY = "updated too early"

# ---- in one step of the backward pass

SIGN_OF_STEP = KnownSlip(MINUS, "what comes through {formula} has the wrong sign; is a minus missing?")
NO_UPSTREAM = KnownSlip(UPSTREAM, "the upstream gradient is not in what comes through {formula}")
AT_INPUT = KnownSlip(PLACE, "the rule for {op} takes its output {out}, and was given its input {x}")
AT_OUTPUT = KnownSlip(PLACE, "the rule for {op} takes its input {x}, and was given its output {out}")
DERIVATIVE_AT_OUTPUT = KnownSlip(PLACE, "the derivative of {op} was taken at its output {out}, not at {x}")
VALUE_FOR_DERIVATIVE = KnownSlip(LOCAL, "the value of {formula} was taken for its derivative")
LOG_OF_BASE = KnownSlip(LOG, "{formula} is not exp: the log of the base is missing")
OTHER_OPERAND = KnownSlip(OPERANDS, "the derivative of {formula} by its other operand was taken")
NOT_DIVIDED = KnownSlip(BATCH, "{formula} divides by {n}, and its gradient was not divided")
DIVIDED_TWICE = KnownSlip(BATCH, "{formula} divides by {n}, and its gradient was divided twice")
NO_LOCAL = KnownSlip(LOCAL, "the upstream gradient was handed on through {formula} without the local derivative")
NO_EXPONENT = KnownSlip(POWER, "the exponent in {formula} is a factor of its derivative, and is missing")
NOT_LOWERED = KnownSlip(POWER, "in the derivative of {formula} the exponent is one less, and was left as it is")
STAND_IN = KnownSlip(STANDS_IN, "in what comes through {formula}, {other} was taken in the place of {meant}")
OTHER_DERIVATIVE = KnownSlip(FUNCTION, "in {formula} the derivative of {other} was taken for that of {op}")
OF_NEGATIVE = KnownSlip(ARGUMENT, "the derivative in {formula} was taken at minus its argument")
OF_UPSTREAM = KnownSlip(STANDS_IN, "the derivative in {formula} was taken at the upstream gradient, not at {x}")
OF_OTHER_NODE = KnownSlip(STANDS_IN, "the derivative in {formula} was taken at {other}, not at {x}")
DIVIDED_BY_LOCAL = KnownSlip(
    OPERANDS, "in {formula} the upstream gradient was divided by the local derivative, not multiplied"
)

# ---- in the sum of the steps

ONE_PATH = KnownSlip(
    PATHS, "{n} contributions to {node} must be added up (+=), and only that through {formula} is there"
)
LOST_PATH = KnownSlip(PATHS, "{n} contributions to {node} must be added up (+=), and that through {formula} is missing")
UPDATED = KnownSlip(EARLY, "{other} had been updated before the gradient was passed back")
NO_ONE_HOT = KnownSlip(ONE_HOT, "the 1 of the true class was not subtracted: softmax alone was taken")
OFF_BY_ONE = KnownSlip(ONE_HOT, "the labels are {off}")
ALL_COLUMNS = KnownSlip(
    ONE_HOT, "the 1 was subtracted in every instance at every label that occurs: [rows, labels] is meant"
)
BRANCHES_OF_CLASSES = KnownSlip(ONE_HOT, "the true class and the others are exchanged")
ONE_FROM_ALL = KnownSlip(ONE_HOT, "the 1 was subtracted from all classes, not from the true one only")
OTHER_ORDER = KnownSlip(ONE_HOT, "the labels are in another order than the instances")
LOGITS = KnownSlip(STANDS_IN, "the logits were taken in the place of softmax of them")
NO_SOFTMAX = KnownSlip(LOCAL, "the gradient of softmax's output was taken: softmax's own derivative is missing")
DECIDED = KnownSlip(STANDS_IN, "the predicted class was taken in the place of its probability")
MEAN_OF_PATHS = KnownSlip(PATHS, "{n} contributions to {node} must be added up, and their mean was taken")
STEP_TOO_LARGE = KnownSlip(FACTOR, "what comes through {formula} is {n} times too large, and the rest is right")
STEP_TOO_SMALL = KnownSlip(FACTOR, "what comes through {formula} is {n} times too small, and the rest is right")
NO_LOCAL_TO = KnownSlip(LOCAL, "the gradient of {other} was handed on to {node} as it came")
ONE_LATER = KnownSlip(PATHS, "only what comes through {other} is there: {node} has a part in others too")
LOST_LATER = KnownSlip(PATHS, "what comes through {other} is missing")
LOST_TERMS = KnownSlip(PATHS, "what comes through {others} is missing")
STILL_ZERO = KnownSlip(UNASSIGNED, "it is still 0: was the gradient of {node} never assigned?")
SIGN_OF_GRADIENT = KnownSlip(MINUS, "the gradient of {node} has the wrong sign")
PATH_TWICE = KnownSlip(
    TWICE, "what comes through {formula} was added twice; is there an old gradient that was not set to zero?"
)
UNIT_NOT_USED = KnownSlip(UPSTREAM, "the upstream gradient is not used")
IN_PATHS = (ONE_PATH, LOST_PATH)

# ---- in a value

SIGN_OF_VALUE = KnownSlip(MINUS, "{formula} has the wrong sign")
OTHER_SIGN = KnownSlip(MINUS, "in {formula}, {other} was taken for {right}")
EXCHANGED = KnownSlip(OPERANDS, "the operands of {formula} were exchanged")
NOT_APPLIED = KnownSlip(OPERATOR, "{op} was not applied")
LEFT_OUT = KnownSlip(TERM, "operand {i} of {formula} was left out")
TWICE_IN = KnownSlip(TWICE, "operand {i} of {formula} is in it twice")
ALONE = KnownSlip(TERM, "of {formula}, only the last operand is there")
DIVIDED = KnownSlip(OPERANDS, "in {formula}, it was divided where it is multiplied, or the other way about")
VALUE_OF_NEGATIVE = KnownSlip(ARGUMENT, "in {formula}, {op} was taken of minus its argument")
OTHER_FUNCTION = KnownSlip(FUNCTION, "in {formula}, {other} was taken for {op}")
SIGN_OF_OPERAND = KnownSlip(MINUS, "operand {i} of {formula} has the wrong sign")
FUNCTION_OF_OTHER = KnownSlip(FUNCTION, "{f} of {meant} was taken")
GRADIENT_OF_OTHER = KnownSlip(LOCAL, "the gradient of {other} was taken in the place of that of {meant}")
VALUE_OF_OTHER = KnownSlip(STANDS_IN, "in {formula}, {other} was taken in the place of {meant}")
BRACKET = KnownSlip(BRACKETS, "{formula} was computed in another order: is a bracket, or a sum, in the wrong place?")

# ---- in a value or a gradient

OTHER_BASE = KnownSlip(LOG, "the log of {op} is the natural one, and log{base} was used")
LOG_OF_BASE_TOO_MANY = KnownSlip(LOG, "the log of {op} is the natural one, and there is a factor log({base}) too many")
SIZE_TOO_MANY = KnownSlip(BATCH, "it is {n} times too large: divide by {counted}")
DIVIDED_BY_SIZE = KnownSlip(BATCH, "it is {n} times too small: it was divided by {counted}, once too often")
OTHER_SIZE = KnownSlip(BATCH, "it was divided by {other}: {counted} are meant")
TOO_LARGE = KnownSlip(FACTOR, "it is {n} times too large")
TOO_SMALL = KnownSlip(FACTOR, "it is {n} times too small")
POINT = KnownSlip(DIGITS, "the decimal point is in the wrong place")
SWAPPED = KnownSlip(DIGITS, "two digits are exchanged: {claimed} for {right}")
RATIO = KnownSlip(FACTOR, "it is {n} times what it should be, everywhere")
ANY_FACTOR = (TOO_LARGE, TOO_SMALL, POINT, SWAPPED, RATIO)
# What a number with few digits may be by chance, as there are many places where it may be made.
LONG_SHOTS = (
    *ANY_FACTOR,
    OF_OTHER_NODE,
    STEP_TOO_LARGE,
    STEP_TOO_SMALL,
    UPDATED,
    BRACKET,
    GRADIENT_OF_OTHER,
    OFF_BY_ONE,
)
TRANSPOSED_GROUP = KnownSlip(TRANSPOSED, "{node} is transposed: its rows and columns are exchanged")
