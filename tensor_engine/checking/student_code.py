"""A student's layer, however it is written: made, given its parameters, run, and asked for its gradients.

Public homework writes them in many ways: as classes with forward and backward, whose gradients are returned, or are in
attributes, dicts or lists; as functions f(dout, cache); as losses that return (loss, gradient); with a ctx; with
instances as rows or as columns; with an update inside backward. What is found is told by its name, and by its shape.
"""

import inspect
from types import SimpleNamespace

import numpy as np

from scalar_engine.checking.running import StudentError, run

FORWARD = (
    "forward propagate fprop forward_pass forward_propagation feed_forward feedforward __call__ call compute predict"
)
BACKWARD = "backward backpropagate bprop backward_pass backprop back_propagation backward_propagation backpropagation"
BACKWARD += " grad gradient gradients compute_gradients"
UPDATE = "update step update_params update_parameters update_weights optimize apply_gradients gradient_step"
LOSS = "loss cost compute_loss compute_cost"

UPSTREAM, INPUT, TARGET, RATE, CACHE = "upstream", "input", "target", "rate", "cache"
ARGUMENTS = {
    INPUT: "x X input inputs data batch x_batch features logits z Z o scores yhat y_hat y_pred pred preds predictions "
    "p probs output outputs a A",
    TARGET: "y Y t target targets label labels y_true ytrue true truth classes y_batch one_hot onehot gt",
    RATE: "lr learning_rate eta alpha rate step_size learn_rate",
    CACHE: "cache ctx context memory saved",
}
WEIGHT = "w weight weights kernel theta wt v u matrix omega"
BIAS = "b bias biases c offset intercept"
MARKS_OF_GRADIENT = ("grad", "d", "dl", "de", "dj", "dc", "delta", "nabla", "g", "gradient", "gradients", "grads")


# ---- names


def words(path):
    """The words of a name: "grads['W1']" is grads, W, 1; dLdW and dW1 are d, L, ..."""
    parts, word = [], ""
    for letter in path:
        kind = "a" if letter.isalpha() else "0" if letter.isdigit() else ""
        if not kind or word and ("0" if word[-1].isdigit() else "a") != kind:
            parts.append(word)
            word = ""
        word += letter if kind else ""
    return [part for part in [*parts, word] if part]


def role(path):
    """What an array of that name may be: ("W" or "b" or "x" or "", whether it is a gradient, its number)."""
    parts = words(path)
    number = next((int(part) for part in reversed(parts) if part.isdigit()), None)
    parts = [part for part in parts if not part.isdigit()]
    is_gradient = any(part.lower() in MARKS_OF_GRADIENT for part in parts)
    stems = [part for part in parts if part.lower() not in MARKS_OF_GRADIENT] or parts or [""]
    stem = stems[-1]
    for before in ("dLd", "dEd", "dJd", "dCd", "dl_d", "grad", "d"):
        if stem.startswith(before) and kind_of(stem[len(before) :]):
            return kind_of(stem[len(before) :]), True, number
    return kind_of(stem) or next(filter(None, map(kind_of, stems)), ""), is_gradient, number


def kind_of(stem):
    lower = stem.lower()
    if lower in WEIGHT.split() and stem not in ("c",):
        return "W"
    if lower in BIAS.split():
        return "b"
    return "x" if lower in ("x", "input", "inputs", "z", "a", "h") else ""


# ---- what an object holds


def arrays_in(thing, path="", depth=4):
    """(path, holder, key, array) of the arrays in an object: in its attributes, dicts, lists and layers."""
    if isinstance(thing, dict):
        items = list(thing.items())
    elif isinstance(thing, (list, tuple)):
        items = list(enumerate(thing))
    else:
        items = list(vars(thing).items()) if hasattr(thing, "__dict__") and not isinstance(thing, type) else []
    for key, value in items:
        name = f"{path}.{key}" if path else str(key)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            yield name, thing, key, value
        elif depth and not isinstance(value, (np.random.Generator, np.random.RandomState)):
            yield from arrays_in(value, name, depth - 1)


def fitting(array, wanted):
    """The array in the wanted shape: as it is, transposed, or with other axes of length 1; None if it does not fit."""
    if array is None or np.size(array) != np.size(wanted):
        return None
    array, shape = np.asarray(array), np.shape(wanted)
    if array.shape == shape:
        return array
    if array.ndim == 2 and array.shape == shape[::-1]:
        return array.T
    plain = [n for n in array.shape if n != 1]
    return array.reshape(shape) if plain == [n for n in shape if n != 1] else None


def parameters_of(thing, wanted):
    """{name: (holder, key)} of the arrays that are the layer's parameters, told by name and number, then by shape."""
    found, candidates = {}, [x for x in arrays_in(thing) if not role(x[0])[1]]
    for by_name in (True, False):
        for name, array in wanted.items():
            if name in found:
                continue
            for path, holder, key, own in candidates:
                taken = any(holder is h and key == k for h, k in found.values())
                named = role(path)[0] == name[0].upper() if name[0] == "W" else role(path)[0] == "b"
                if not taken and fitting(own, array) is not None and (named or not by_name):
                    found[name] = holder, key
                    break
    return found


def get(holder, key):
    return holder[key] if isinstance(holder, (dict, list)) else getattr(holder, key)


def put(holder, key, value):
    if isinstance(holder, (dict, list)):
        holder[key] = value
    else:
        setattr(holder, key, value)


# ---- calls


def method(thing, names):
    """The first method that goes by one of the names; None if there is none."""
    for name in names.split():
        found = getattr(thing, name, None)
        if callable(found):
            return found
    return None


def required(function):
    """The names of the arguments that a function has to be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind in kinds]


def meaning(name):
    """What an argument of a student's method is: its upstream gradient, an input, a target, a rate or a cache."""
    for kind, names in ARGUMENTS.items():
        if name in names.split() or name.rstrip("0123456789_").lower() in names.split() and kind != INPUT:
            return kind
    return UPSTREAM


OUTPUTS = ("out", "unit", "neuron", "class")  # what is in the name of an argument that says how many outputs there are


def made(cls, sizes, arrays):
    """Instances of a student's class of layers of these sizes [inputs, ..., outputs], each made in another way.

    `arrays` are what a constructor may take instead: {"W": [array, ...], "b": [...]}. StudentError if there are none.
    """
    names, rng, error = required(cls), np.random.default_rng(0), None
    arrays, by_name = {kind: list(found) for kind, found in arrays.items()}, []
    for name in names:
        lower = name.lower()
        if "rng" in lower or "random" in lower or "generator" in lower:
            by_name.append(rng)
        elif "seed" in lower:
            by_name.append(0)
        elif meaning(name) == RATE:
            by_name.append(0.1)
        elif arrays.get(kind_of(name)):
            by_name.append(arrays[kind_of(name)].pop(0))
        elif any(word in lower for word in ("sizes", "layers", "nunits", "dims", "shape")) and "hidden" not in lower:
            by_name.append(sizes)
        elif "hidden" in lower and len(sizes) > 2:
            by_name.append(sizes[1])
        else:
            by_name.append(sizes[-1] if any(word in lower for word in OUTPUTS) or lower in "mhk" else sizes[0])
    in_lists = [sizes[0], sizes[1:-1], sizes[-1]]
    for arguments in (by_name, sizes, in_lists, [*sizes, rng], [*in_lists, rng], [sizes], [sizes, rng], sizes[::-1]):
        if len(arguments) == len(names):
            try:
                yield run(cls.__name__, cls, *arguments)
            except StudentError as caught:
                error = error or caught
    if error:
        raise error


class Context(SimpleNamespace):
    """What a backward function in PyTorch's style is handed: it keeps what forward saves."""

    def save_for_backward(self, *things):
        self.saved_tensors = things
