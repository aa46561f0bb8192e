"""The sheets' derivations: what each asks for, in words and in formulas.

The functions are written once, for anything that operators take: on Values they give the graph from which the formulas
are read; on plain numbers, what the formulas are checked against.
"""

from scalar_engine import Symbol, cross_entropy, exp, log, logsumexp, relu, sigmoid, softmax, sum, tanh
from walkthroughs.sheets.answer import Answer, Chain, Formula

# ---- the functions


def softmax_by_exps(o_i, o_j, rest):
    e_i, e_j = exp(o_i), exp(o_j)
    s = e_i + e_j + rest
    return {"e_i": e_i, "e_j": e_j, "s": s, "y_i": e_i / s, "y_j": e_j / s}


def log_of_the_sum(o_i, o_j, rest):
    e_i, e_j = exp(o_i), exp(o_j)
    s = e_i + e_j + rest
    z = log(s)
    return {"e_i": e_i, "e_j": e_j, "s": s, "z": z, "y_i": exp(o_i - z)}


def softmax_by_logsumexp(o_i, o_j, o_k):
    z = logsumexp([o_i, o_j, o_k])
    return {"z": z, "y_i": exp(o_i - z), "y_j": exp(o_j - z)}


def softmax_of_three(o_1, o_2, o_3):
    z = logsumexp([o_1, o_2, o_3])
    return {"z": z, "y_1": exp(o_1 - z), "y_2": exp(o_2 - z), "y_3": exp(o_3 - z)}


def loss_of_class(y_c):
    return {"l": -log(y_c)}


def loss_as_sum(y_i, y_j, y_k, t_i, t_j, t_k):
    terms = {"l_i": -t_i * log(y_i), "l_j": -t_j * log(y_j), "l_k": -t_k * log(y_k)}
    return terms | {"l": sum(terms.values())}


def loss_of_logits(o_c, o_i, o_k):
    y_c, y_i, y_k = softmax([o_c, o_i, o_k])
    return {"y_c": y_c, "y_i": y_i, "y_k": y_k, "l": -log(y_c)}


def loss_of_targets(o_i, o_j, o_k, t_i, t_j, t_k):
    y_i, y_j, y_k = softmax([o_i, o_j, o_k])
    return {"y_i": y_i, "y_j": y_j, "y_k": y_k, "l": cross_entropy([o_i, o_j, o_k], [t_i, t_j, t_k])}


def logistic(k):
    u = exp(-k)
    d = 1 + u
    return {"u": u, "d": d, "h": 1 / d}


def sigmoid_layer(k):
    return {"h": sigmoid(k)}


def tanh_layer(k):
    return {"h": tanh(k)}


def linear_relu(x_i, x_n, w_ji, w_jn, w_mi, w_mn, b_j, b_m, u_j, u_m):
    f_j = w_ji * x_i + w_jn * x_n + b_j
    f_m = w_mi * x_i + w_mn * x_n + b_m
    g_j, g_m = relu(f_j), relu(f_m)
    return {"f_j": f_j, "f_m": f_m, "g_j": g_j, "g_m": g_m, "L": u_j * g_j + u_m * g_m}


def two_layers(x_i, w_ji, b_j, v_mj, v_nj, c_m, c_n, t_m, t_n):
    f_j = w_ji * x_i + b_j
    g_j = relu(f_j)
    a_m, a_n = v_mj * g_j + c_m, v_nj * g_j + c_n
    p_m, p_n = softmax([a_m, a_n])
    loss = cross_entropy([a_m, a_n], [t_m, t_n])
    return {"f_j": f_j, "g_j": g_j, "a_m": a_m, "a_n": a_n, "p_m": p_m, "p_n": p_n, "L": loss}


# ---- the answers


def answers():
    """All answers, in the order of the sheets; the rules run anew each time."""
    return [*assignment_answers(), jacobian_answer(), sigmoid_answer(), linear_relu_answer(), two_layers_answer()]


def assignment_answers():
    """Those of the VU's assignment, to its Questions 1 and 2."""
    return [softmax_answer(), cross_entropy_answer(), loss_sum_answer(), logits_answer(), why_answer()]


def softmax_answer():
    same, other = Chain(softmax_by_exps, "y_i", "o_i"), Chain(softmax_by_exps, "y_i", "o_j")
    e_i, e_j, s, y_i, y_j = map(Symbol, ("e_i", "e_j", "s", "y_i", "y_j"))
    by_exps = [Chain(softmax_by_exps, "y_i", by, hidden=("e_i", "e_j", "s", "y_j")) for by in ("o_i", "o_j")]
    return Answer(
        "Question 1: the local derivatives of the softmax, through `e_i = exp(o_i)`",
        "`s` is the sum of the exponentials of all classes; `rest` is what the classes other than `i` and `j` "
        "add to it. `y_i` depends on `o_i` in two ways, as the numerator and in the sum, so its derivative is "
        "a sum over two paths; it depends on `o_j` in the sum only. The last step of each puts the outputs "
        "back in. Below, the same without `e` and `s`: more to write, and the outputs, which the forward pass "
        "has computed already, are hard to see in it.",
        same.definitions("e_i", "s", "y_i") + same.locals("y_i", "s", "e_i")
        + [same.whole({e_i / s: y_i}, note="`i = j`"), other.whole({e_j / s: y_j}, note="`i != j`"),
           *(chain.whole(chain.definition_of("y_i")) for chain in by_exps)],
    )  # fmt: skip


def cross_entropy_answer():
    chain = Chain(loss_of_class, "l", "y_c")
    return Answer(
        "Question 1: the local derivative of the cross-entropy",
        "The logarithm is to base e, so its derivative is 1 over its argument. `c` is the target class. The other "
        "outputs do not occur in `l`, so the derivatives by them are 0.",
        [*chain.definitions("l"), chain.whole(note="0 by `y_i`, `i != c`")],
    )


def loss_sum_answer():
    chain = Chain(loss_as_sum, "l", "y_i")
    return Answer(
        "Question 1: the loss as a sum over the classes",
        "With the target as a one-hot vector, `t_c = 1` and all other `t_i = 0`, every class takes part in "
        "the loss, and one formula covers both cases. (Three classes `i`, `j`, `k` stand for any number.)",
        chain.definitions("l", "l_i")
        + [chain.whole(), chain.case({"t_i": 1}, "`i = c`"), chain.case({"t_i": 0}, "`i != c`")],
    )


def logits_answer():
    t_i, t_j, t_k = map(Symbol, ("t_i", "t_j", "t_k"))
    one_hot = Chain(loss_of_targets, "l", "o_i", named=("y_i", "y_j", "y_k"))
    return Answer(
        "Question 2: the derivative of the loss by the linear outputs",
        "The loss sees `y_c` only, so there is one path from each linear output to it. The derivative is the "
        "output, less 1 for the target class: as vectors, `dl/do = y - onehot(c)`. The last row says it with "
        "one-hot targets `t_i`, whose sum is 1.",
        [
            Chain(loss_of_logits, "l", "o_c").whole(note="the target class"),
            Chain(loss_of_logits, "l", "o_i", named=("y_i",)).whole(note="`i != c`"),
            one_hot.whole({t_i + t_j + t_k: 1}, fixed={"t_i": 0.2, "t_j": 0.5, "t_k": 0.3}, note="any class"),
        ],
    )


def why_answer():
    return Answer(
        "Question 2: why it is not strictly necessary",
        "Backpropagation multiplies the gradient that arrives at a module with that module's local "
        "derivative, and adds up over the paths. It gets `dl/do_i` by itself, as the sum over `j` of "
        "`dl/dy_j` times `dy_j/do_i`, from the two local derivatives of Question 1; all that a module has to "
        "know is its own. In that sum only the term of `y_c` is not 0, so no matrix is needed for it either. Working "
        "the product out pays nevertheless. It is simpler: the outputs, with 1 taken off that of the target class. "
        "And it is safer: where `y_c` underflows to 0, `dl/dy_c` does not exist, while `y_c - 1` is `-1`, as it "
        "should be.",
        [],
    )


def jacobian_answer():
    inner = Chain(log_of_the_sum, "z", "o_i")
    same = Chain(softmax_by_logsumexp, "y_i", "o_i")
    other = Chain(softmax_by_logsumexp, "y_i", "o_j", named=("y_j",))
    o_i, z, e_i, s, y_i = map(Symbol, ("o_i", "z", "e_i", "s", "y_i"))
    names = ("1", "2", "3")
    outputs = tuple(f"y_{n}" for n in names)
    return Answer(
        "The Jacobian of the softmax, with its proof (Augsburg, tutorial 4, task 7)",
        "`o` is the sheet's x. Let `z` be the logarithm of the sum `s` of the exponentials, to which all classes "
        "other than `i` and `j` add `rest`. Then `y_i` is the exponential of `o_i - z`. First the derivative of `z`: "
        "through `s` and `e_i` it is `e_i` over `s`, which is `y_i`; likewise it is `y_j` by `o_j`. Then that of "
        "`y_i`, which depends on `o_j` through `z` only, and on `o_i` through `z` and directly. This holds for any "
        "number of classes. The matrix, row `i` and column `j`, for three: it is symmetric, and each row sums to 0, "
        "since adding the same number to all linear outputs changes no `y`.",
        inner.definitions("e_i", "s", "z") + [Formula("y_i", e_i / s, log_of_the_sum, steps=(exp(o_i - z),))]
        + inner.locals("z", "s", "e_i") + [inner.whole({e_i / s: y_i})] + same.locals("y_i")
        + [same.whole(note="`i = j`"), other.whole(note="`i != j`")],
        matrix=tuple(
            [Chain(softmax_of_three, f"y_{i}", f"o_{j}", named=outputs).whole() for j in names] for i in names
        ),
    )  # fmt: skip


def sigmoid_answer():
    chain = Chain(logistic, "h", "k")
    u, d, h = map(Symbol, ("u", "d", "h"))
    by_rule = Chain(sigmoid_layer, "h", "k").whole(note="the sigmoid")
    return Answer(
        "The derivative of the sigmoid from its output (Augsburg, tutorial 4, task 2)",
        "In small steps, from the definition. In the last, `u / d = (d - 1) / d = 1 - h`. The input is not "
        "needed: the forward pass has computed all that the backward pass asks for. The engine's own rule for "
        "the sigmoid says the same at once, and the one for tanh is of the kind.",
        chain.definitions("u", "d", "h")
        + [chain.whole({u / d: 1 - h}), by_rule, Chain(tanh_layer, "h", "k").whole(note="tanh")],
        code=f"def del_sigmoid(h):\n    return {by_rule.right}",
    )


def linear_relu_answer():
    by_weight, by_bias, by_input = (Chain(linear_relu, "L", by) for by in ("w_ji", "b_j", "x_i"))
    return Answer(
        "The gradients of a linear and a ReLU layer (LMU 2024, sheet 3, task 1.1)",
        "`u_j` is `dL/dg_j`, which the layers above send back; two neurons `j` and `m` with two inputs `i` "
        "and `n` stand for any number. `step` is 1 where its argument is above 0, else 0: ReLU passes the "
        "gradient on where it was active, and `g_j > 0` where `f_j > 0`. A weight meets one input, so its "
        "gradient is that input times what comes back; an input feeds every neuron, so its gradient is a sum "
        "over them. The loss is a mean over N instances: each gradient is then the mean of these.",
        by_weight.definitions("f_j", "g_j") + by_weight.locals("g_j") + by_weight.locals("f_j") + by_bias.locals("f_j")
        + by_input.locals("f_j") + [by_weight.whole(), by_bias.whole(), by_input.whole()],
    )  # fmt: skip


def two_layers_answer():
    t_m, t_n = Symbol("t_m"), Symbol("t_n")
    chain = Chain(two_layers, "L", "w_ji", named=("p_m", "p_n"))
    return Answer(
        "A weight of the first layer, from the loss (LMU 2024, sheet 3, task 1.1)",
        "Linear, ReLU, linear, softmax and cross-entropy: `v` and `c` are the second layer's weights and "
        "biases, `p` the softmax of its outputs `a`, and `t` the one-hot target, whose sum is 1. The neuron "
        "reaches the loss through every output, so there is a path for each.",
        chain.definitions("f_j", "g_j", "a_m", "a_n") + [chain.whole({t_m + t_n: 1}, fixed={"t_m": 0.0, "t_n": 1.0})],
    )
