"""Gradient descent: SGD with momentum, Adam, AdamW and RMSprop, each an update rule."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .optimizer import Optimizer, Part, require, shared
from .tensor import Tensor


class SGD(Optimizer):
    """v <- momentum * v + dl/dw;  w <- w - learning_rate * v.

    With `nesterov` w <- w - learning_rate * (dl/dw + momentum * v): Sutskever and others (2013), in PyTorch's form.

    >>> from tensor_engine import Tensor
    >>> w = Tensor([1.0, 2.0], "w", requires_grad=True)
    >>> optimizer = SGD([w], learning_rate=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([0.8, 1.6])
    """

    elementwise = True

    def __init__(
        self, parameters: Iterable[Tensor], learning_rate: float, momentum: float = 0.0, weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:  # fmt: skip
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum: SGD(parameters, rate, momentum=0.9, nesterov=True)")
        require(1, momentum=momentum)
        self.momentum, self.nesterov = momentum, nesterov
        self.moments = ("velocity",) if momentum else ()
        super().__init__(parameters, learning_rate, weight_decay)

    def update(self, part: Part) -> None:
        (rate,) = self.numbers(part)
        if self.momentum:
            velocity, scratch = part.arrays["velocity"], part.arrays["scratch"]
            velocity *= self.momentum
            gradients = self.gradients(part)
            for view, gradient in zip(part.views["velocity"], gradients):
                view += gradient
            np.multiply(velocity, self.momentum if self.nesterov else rate, out=scratch)
            if self.nesterov:
                for view, gradient in zip(part.views["scratch"], gradients):
                    view += gradient
                scratch *= rate
            part.arrays["w"] -= scratch
        else:
            keep = shared(part.parameters)
            for w, scratch, gradient, kept in zip(part.views["w"], part.views["scratch"], self.gradients(part), keep):
                room = scratch if kept or not w.ndim else gradient
                w -= np.multiply(gradient, rate, out=room)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), with the moments m and v kept unscaled, as m / (1 - beta1) and v / (1 - beta2).

    m <- beta1 m + g,  v <- beta2 v + g^2,  w <- w - rate * m / (sqrt(v) + epsilon'), where rate and epsilon' take in
    the bias corrections and the factors left out: ten passes over the parameters instead of fourteen.
    """

    moments = "m", "v"
    n_numbers = 2
    elementwise = True

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        require(1, beta1=betas[0], beta2=betas[1])
        self.betas = betas
        self.epsilon = epsilon
        super().__init__(parameters, learning_rate, weight_decay)
        self.steps = np.zeros(len(self.parameters), self.flat.dtype)  # how many updates each parameter has had

    def moves_as_one(self) -> bool:
        return len(set(self.steps.tolist())) == 1

    def update(self, part: Part) -> None:
        beta1, beta2 = self.betas
        m, v, scratch = part.arrays["m"], part.arrays["v"], part.arrays["scratch"]
        m *= beta1
        v *= beta2
        for m_view, scratch_view, gradient in zip(part.views["m"], part.views["scratch"], self.gradients(part)):
            m_view += gradient
            np.multiply(gradient, gradient, out=scratch_view)
        v += scratch
        rate, epsilon, *share = self.numbers(part)
        np.sqrt(v, out=scratch)
        scratch += epsilon
        np.divide(m, scratch, out=scratch)
        scratch *= rate
        if share:
            part.arrays["w"] *= share[0]
        part.arrays["w"] -= scratch

    def numbers(self, part: Part) -> Any:
        """The rate and the epsilon' of this update, which is counted."""
        (beta1, beta2), t = self.betas, self.counted(part)
        of_m = (1 - beta1) / (1 - beta1**t)
        of_v = math.sqrt((1 - beta2) / (1 - beta2**t))
        return self.learning_rate * of_m / of_v, self.epsilon / of_v

    def counted(self, part: Part) -> int:
        """The number of this update of a Part's parameters, counted from 1."""
        of_part = self.steps if part in (self.whole, self.as_one) else self.steps[self.singles.index(part) :][:1]
        of_part += 1
        return int(of_part[0])

    def state(self) -> dict[str, np.ndarray]:
        return {**super().state(), "steps": self.steps}


class AdamW(Adam):
    """Adam, with a decay that is none of the gradient's: w <- w - learning_rate * weight_decay * w before the step
    (Loshchilov and Hutter, 2019).
    """

    n_numbers = 3
    elementwise = True

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        require(weight_decay=weight_decay)
        super().__init__(parameters, learning_rate, betas, epsilon)
        self.decay = weight_decay

    def numbers(self, part: Part) -> Any:
        """As Adam's, and the share of w that is left."""
        return *super().numbers(part), 1 - self.learning_rate * self.decay


class RMSprop(Optimizer):
    """v <- alpha v + (1 - alpha) g^2,  w <- w - learning_rate * g / (sqrt(v) + epsilon): Tieleman and Hinton (2012).

    v is kept unscaled, as v / (1 - alpha).
    """

    moments = ("v",)
    elementwise = True

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float = 1e-2,
        alpha: float = 0.99,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        require(1, alpha=alpha)
        self.alpha, self.epsilon = alpha, epsilon
        super().__init__(parameters, learning_rate, weight_decay)

    def update(self, part: Part) -> None:
        (rate,) = self.numbers(part)
        v, scratch, gradients = part.arrays["v"], part.arrays["scratch"], self.gradients(part)
        v *= self.alpha
        for view, gradient in zip(part.views["scratch"], gradients):
            np.multiply(gradient, gradient, out=view)
        v += scratch
        np.sqrt(v, out=scratch)
        scratch += self.epsilon / self.of_v
        for view, gradient in zip(part.views["scratch"], gradients):
            np.divide(gradient, view, out=view)
        scratch *= rate
        part.arrays["w"] -= scratch

    def numbers(self, part: Part) -> Any:
        return (self.learning_rate / self.of_v,)

    @property
    def of_v(self) -> float:
        """What sqrt(v) has to be multiplied by."""
        return math.sqrt(1 - self.alpha)
