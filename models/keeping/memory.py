"""Whether a network fits into this machine's memory.

It is said before the memory is asked for, since some systems promise more than they have.
"""

import os

COPIES = 5  # of the weights: themselves, their gradients, the optimizer's scratch and moments


def require_room(sizes, itemsize):
    """Raises ValueError if a network of these layers' sizes takes more bytes than the machine has.

    >>> require_room([784, 10**12, 10], 4)
    Traceback (most recent call last):
      ...
    ValueError: there is not enough memory for a network of 784-1000000000000-10
    """
    weights = sum((n_inputs + 1) * n_outputs for n_inputs, n_outputs in zip(sizes, sizes[1:]))
    if COPIES * itemsize * weights > memory():
        raise ValueError(f"there is not enough memory for a network of {'-'.join(map(str, sizes))}")


def memory():
    """The bytes of the machine's memory; infinite where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return float("inf")
