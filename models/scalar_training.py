"""Training a network of Values: stochastic gradient descent, one instance at a time, as in Question 4."""

from scalar_engine import Value, cross_entropy


def sgd_step(parameters, learning_rate):
    """w <- w - learning_rate * dl/dw for every parameter w that has a gradient; gradients start afresh after it."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.data -= learning_rate * parameter.grad
            parameter.grad = None


def loss_of(model, instance, target):
    """The cross-entropy of the model's logits for one instance (a list of floats) of the class `target`, as a Value."""
    x = [Value(number, requires_grad=False) for number in instance]
    return cross_entropy(model(x), target)


def train(model, instances, targets, learning_rate):
    """One pass over the instances, a step after each; yields the loss of each before its step."""
    parameters = model.parameters()
    for instance, target in zip(instances, targets):
        loss = loss_of(model, instance, target)
        loss.backward()
        sgd_step(parameters, learning_rate)
        yield loss.data


def accuracy(model, instances, targets):
    """The fraction of instances whose largest logit is the true class's."""
    hits = 0
    for instance, target in zip(instances, targets):
        logits = [logit.data for logit in model(instance)]
        hits += logits.index(max(logits)) == target
    return hits / len(targets)
