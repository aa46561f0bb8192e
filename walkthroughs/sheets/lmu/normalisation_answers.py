"""What batch and layer normalisation compute, and their derivatives, as the engine's rules give them on symbols."""

from dataclasses import replace

from scalar_engine import Symbol, sqrt
from walkthroughs.sheets.answer import Answer, Chain, Formula

FIXED = {"n": 3, "epsilon": 0.1}  # where the formulas are checked


def normalised(x_i, x_j, x_k, n, epsilon):
    m = (x_i + x_j + x_k) / n
    v = ((x_i - m) ** 2 + (x_j - m) ** 2 + (x_k - m) ** 2) / n
    s = sqrt(v + epsilon)
    return {"m": m, "v": v, "s": s, "z_i": (x_i - m) / s, "z_j": (x_j - m) / s, "z_k": (x_k - m) / s}


def batch_loss(x_i, x_j, x_k, n, epsilon, gamma, beta, u_i, u_j, u_k):
    found = normalised(x_i, x_j, x_k, n, epsilon)
    y = {name: gamma * found[f"z_{name[-1]}"] + beta for name in ("y_i", "y_j", "y_k")}
    return {**found, **y, "L": u_i * y["y_i"] + u_j * y["y_j"] + u_k * y["y_k"]}


def layer_loss(x_i, x_j, x_k, n, epsilon, gamma_i, gamma_j, gamma_k, beta_i, beta_j, beta_k, u_i, u_j, u_k):
    found = normalised(x_i, x_j, x_k, n, epsilon)
    y_i, y_j, y_k = (
        gamma * found[name] + beta
        for name, gamma, beta in (("z_i", gamma_i, beta_i), ("z_j", gamma_j, beta_j), ("z_k", gamma_k, beta_k))
    )
    return {**found, "y_i": y_i, "y_j": y_j, "y_k": y_k, "L": u_i * y_i + u_j * y_j + u_k * y_k}


def batch_answer():
    """Batch normalisation of one feature: i, j and k are the instances of a batch."""
    u_i, u_j, u_k, gamma, s, n, z_i = map(Symbol, ("u_i", "u_j", "u_k", "gamma", "s", "n", "z_i"))
    z_j, z_k = Symbol("z_j"), Symbol("z_k")
    scaled, by_x = Chain(batch_loss, "L", "gamma"), jacobian()
    textbook = gamma / s * (u_i - (u_i + u_j + u_k) / n - z_i * (u_i * z_i + u_j * z_j + u_k * z_k) / n)
    return Answer(
        "The derivative of batch normalisation",
        "For one feature, of which `x_i`, `x_j` and `x_k` are the values in the `n` instances of a batch (three stand "
        "for any number); `m` is their mean, `v` their variance, and `u_i` is `dL/dy_i`, which the layers above send "
        "back. `z_i` depends on `x_i` in three ways, directly, through the mean and through the variance, and every "
        "other `z_j` depends on it in two. The way from `v` through `m` brings nothing, since deviations from a mean "
        "add up to 0.",
        at_three([
            *locals_of(), *scaled.definitions("y_i"), *scaled.locals("y_i"), *by_x,
            by_input(batch_loss, [gamma * u for u in (u_i, u_j, u_k)], by_x, textbook),
            scaled.whole(), Chain(batch_loss, "L", "beta").whole(),
        ]),
    )  # fmt: skip


def layer_answer():
    """Layer normalisation of one instance: i, j and k are its features."""
    s, n, z_i, z_j, z_k = map(Symbol, ("s", "n", "z_i", "z_j", "z_k"))
    g_i, g_j, g_k = arriving = [Symbol(f"gamma_{i}") * Symbol(f"u_{i}") for i in "ijk"]
    textbook = (g_i - (g_i + g_j + g_k) / n - z_i * (g_i * z_i + g_j * z_j + g_k * z_k) / n) / s
    scaled = Chain(layer_loss, "L", "gamma_i")
    return Answer(
        "The derivative of layer normalisation",
        "Now `x_i`, `x_j` and `x_k` are the `n` features of one instance. `m`, `v`, `s` and the derivatives of `z` by "
        "`x` are those above; what is new is that each feature has a `gamma` and a `beta` of its own, so that these "
        "stay within the sums. (`gamma` and `beta` serve all instances of a batch: their derivatives are the sums of "
        "these over the instances.)",
        at_three([
            *scaled.definitions("y_i"), by_input(layer_loss, arriving, jacobian(), textbook),
            scaled.whole(), Chain(layer_loss, "L", "beta_i").whole(),
        ]),
    )  # fmt: skip


def locals_of():
    """The definitions of m, v, s and z, and their local derivatives."""
    chain = Chain(normalised, "z_i", "x_i")
    by_mean, by_x = chain.locals("v")
    return [
        *chain.definitions("m", "v", "s", "z_i"), *chain.locals("z_i", "s"), by_x,
        replace(by_mean, right=by_mean.right * 0, steps=(by_mean.right,)), *chain.locals("m"),
    ]  # fmt: skip


def jacobian():
    """dz_i/dx_i and dz_j/dx_i, as the engine finds them and with z and the mean put in."""
    x_i, x_j, x_k, m, s, n, z_i = map(Symbol, ("x_i", "x_j", "x_k", "m", "s", "n", "z_i"))
    known = {x_i - m: s * z_i}, {x_i + x_j + x_k - 3 * m: 0}  # what is behind z_i; deviations add up to 0
    same, other = Chain(normalised, "z_i", "x_i"), Chain(normalised, "z_j", "x_i")
    return same.whole(*known, note="`i = j`"), other.whole(*known, note="`i != j`")


def by_input(function, arriving, by_x, textbook):
    """dL/dx_i from what arrives at z_i, z_j and z_k: the sum of the three products, and the textbook's form of it."""
    same, other = (row.right for row in by_x)
    locals_ = same, other, other.replace({Symbol("z_j"): Symbol("z_k")})
    total = sum(g * local for g, local in zip(arriving, locals_))
    return Formula("L", textbook, function, "x_i", (total,))


def at_three(rows):
    """Formulas that hold for three values."""
    return [replace(row, fixed=FIXED) for row in rows]
