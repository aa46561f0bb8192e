"""Module: something with parameters, on either engine."""

from typing import Any


class Module:
    """The base of neurons, layers and networks.

    A subclass says how it computes (`__call__`) and, if it has any, names its parameters in `parameters` and its parts
    in `parts`.
    """

    # Whether calling it changes nothing but by `noted`, and sees nothing but its input, its parameters and `drawn`.
    pure: bool
    training = True  # Dropout drops while training and lets everything through otherwise
    growth = 1  # about how many times the memory of an instance what is made of it takes
    arguments: tuple[str, ...] = ()  # of what it is made, besides chance: its attributes of these names, for a file

    def parameters(self) -> list[Any]:
        """All parameters, Values or Tensors with a label, as one list: those of its parts, unless it says more."""
        return [parameter for part in self.parts() for parameter in part.parameters()]

    def statistics(self) -> list[Any]:
        """The Tensors that training moves without a gradient: running means and variances."""
        return [each for part in self.parts() for each in part.statistics()]

    def named_parameters(self) -> dict[str, Any]:
        """{label: parameter}: "layer1/W" for the weights of the first layer of an MLP."""
        return {parameter.label: parameter for parameter in self.parameters()}

    def parts(self) -> list[Any]:
        """The Modules that this one is made of."""
        return []

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.grad = None

    def train(self, training: bool = True) -> None:
        """Set this module and all its parts to training (True) or to evaluation (False)."""
        self.training = training
        for part in self.parts():
            part.train(training)

    def __repr__(self) -> str:
        made_with = [getattr(self, name) for name in self.arguments if name != "label"]
        return f"{type(self).__name__}({', '.join(map(repr, made_with))})" if made_with else type(self).__name__
