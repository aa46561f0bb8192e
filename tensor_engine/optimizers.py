"""Gradient descent: SGD with momentum, and Adam, over all parameters at once.

An optimizer moves its parameters into one flat array, of which each parameter's data becomes a view, so that a step is
a few passes over that array instead of dozens of small calls.
"""

import math

import numpy as np


class Optimizer:
    """What SGD and Adam share.

    parameters      Tensors that require a gradient, all of one dtype and none of them twice; ValueError otherwise
    learning_rate   may be changed between steps
    weight_decay    the factor of w that is added to dl/dw (L2 regularisation), as in PyTorch
    """

    def __init__(self, parameters, learning_rate, weight_decay=0.0):
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        if len({parameter.dtype for parameter in self.parameters}) != 1:
            raise ValueError("an optimizer needs parameters, all of one dtype")
        if len(set(self.parameters)) != len(self.parameters):
            raise ValueError("an optimizer needs each parameter once")
        for parameter in self.parameters:
            if not parameter.requires_grad:
                raise ValueError(f"an optimizer needs parameters that require a gradient, not {parameter.describe()}")
        self.flat = np.concatenate([parameter.data.ravel() for parameter in self.parameters])
        for parameter, view in zip(self.parameters, self.views(self.flat)):
            parameter.data = view
        self.scratch = np.empty_like(self.flat)
        self.scratch_views = self.views(self.scratch)

    def views(self, flat):
        """The parts of a flat array that belong to the parameters, in their shapes."""
        views, start = [], 0
        for parameter in self.parameters:
            views.append(flat[start : start + parameter.size].reshape(parameter.shape))
            start += parameter.size
        return views

    def gradients(self):
        """The parameters' gradients; weight decay added. Zero for a parameter that the loss does not depend on."""
        if not self.weight_decay:
            return [0.0 if parameter.grad is None else parameter.grad for parameter in self.parameters]
        return [
            0.0 if parameter.grad is None else parameter.grad + self.weight_decay * parameter.data
            for parameter in self.parameters
        ]

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    def state(self):
        """The arrays that a resumed run needs, by name."""
        return {}


class SGD(Optimizer):
    """v <- momentum * v + dl/dw;  w <- w - learning_rate * v."""

    def __init__(self, parameters, learning_rate, momentum=0.0, weight_decay=0.0):
        super().__init__(parameters, learning_rate, weight_decay)
        self.momentum = momentum
        self.velocity = np.zeros_like(self.flat) if momentum else None
        self.velocity_views = self.views(self.velocity) if momentum else None

    def step(self):
        """One update from the gradients, which are used up: `.grad` is None after it."""
        if self.momentum:
            self.velocity *= self.momentum
            for view, gradient in zip(self.velocity_views, self.gradients()):
                view += gradient
            np.multiply(self.velocity, self.learning_rate, out=self.scratch)
            self.flat -= self.scratch
        else:
            for parameter, gradient in zip(self.parameters, self.gradients()):
                gradient *= self.learning_rate
                parameter.data -= gradient
        self.zero_grad()

    def state(self):
        return {"velocity": self.velocity} if self.momentum else {}


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), with the moments m and v kept unscaled, as m / (1 - beta1) and v / (1 - beta2).

    m <- beta1 m + g,  v <- beta2 v + g^2,  w <- w - rate * m / (sqrt(v) + epsilon'), where rate and epsilon' take in
    the bias corrections and the factors left out: ten passes over the parameters instead of fourteen.
    """

    def __init__(self, parameters, learning_rate=1e-3, betas=(0.9, 0.999), epsilon=1e-8, weight_decay=0.0):
        super().__init__(parameters, learning_rate, weight_decay)
        self.betas = betas
        self.epsilon = epsilon
        self.steps = np.zeros((), np.int64)
        self.m, self.v = np.zeros_like(self.flat), np.zeros_like(self.flat)
        self.m_views = self.views(self.m)

    def step(self):
        """One update from the gradients, which are used up: `.grad` is None after it."""
        beta1, beta2 = self.betas
        m, v, scratch = self.m, self.v, self.scratch
        gradients = self.gradients()
        m *= beta1
        v *= beta2
        for m_view, scratch_view, gradient in zip(self.m_views, self.scratch_views, gradients):
            m_view += gradient
            np.multiply(gradient, gradient, out=scratch_view)
        v += scratch
        self.steps += 1
        t = int(self.steps)
        of_m = (1 - beta1) / (1 - beta1**t)
        of_v = math.sqrt((1 - beta2) / (1 - beta2**t))
        np.sqrt(v, out=scratch)
        scratch += self.epsilon / of_v
        np.divide(m, scratch, out=scratch)
        scratch *= self.learning_rate * of_m / of_v
        self.flat -= scratch
        self.zero_grad()

    def state(self):
        return {"m": self.m, "v": self.v, "steps": self.steps}
