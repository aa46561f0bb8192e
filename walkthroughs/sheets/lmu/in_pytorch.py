"""Task 3 as the sheet asks for it, in PyTorch: the network, the accuracy of a batch, training, and validation.

Import it where torch is installed only: it is an extra, `peers`.
"""

import torch
from torch import nn


def network(sizes):
    """Linear layers of these sizes with a ReLU between each two."""
    layers = []
    for n_inputs, n_outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_inputs, n_outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def accuracy(logits, labels):
    """How many of a batch are right, in percent."""
    return 100 * (logits.argmax(dim=1) == labels).float().mean().item()


def train(net, optimizer, x, y, batches):
    """One epoch; `batches` are the rows of each."""
    for rows in batches:
        loss = nn.CrossEntropyLoss()(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def validate(net, x, y):
    """(mean loss, accuracy in percent) on the test split."""
    with torch.no_grad():
        logits = net(x)
    return nn.CrossEntropyLoss()(logits, y).item(), accuracy(logits, y)


def from_the_same_weights(model, data, rng, epochs, rate, batch_size):
    """What `validate` finds after each epoch, from a copy of our model's weights and on the batches of `fit`'s rng."""
    net = network(model.sizes).to(torch.from_numpy(data.xtrain).dtype)
    for parameter, ours in zip(net.parameters(), model.parameters(), strict=True):
        parameter.data.copy_(torch.from_numpy(ours.data.T))
    x, y, xtest, ytest = map(torch.from_numpy, (data.xtrain, data.ytrain, data.xval, data.yval))
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    found, threads = [], torch.get_num_threads()
    torch.set_num_threads(1)  # as many as the walkthrough's own products have
    try:
        for _ in range(epochs):
            train(net, optimizer, x, y, torch.from_numpy(rng.permutation(len(x))).split(batch_size))
            found.append(validate(net, xtest, ytest))
    finally:
        torch.set_num_threads(threads)
    return found
