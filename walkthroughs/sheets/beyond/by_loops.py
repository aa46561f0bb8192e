"""A convolutional network's layers for one image, as loops over lists: the definitions, with no engine or NumPy."""


def convolution(x, w, b):
    """x[c][y][x], w[o][c][i][j] and b[o] to k[o][y][x]: each filter's sum of products with what it sees there."""
    size, height, width = len(w[0][0]), len(x[0]), len(x[0][0])

    def seen(o, row, column):
        return b[o] + sum(
            w[o][c][i][j] * x[c][row + i][column + j] for c in range(len(x)) for i in range(size) for j in range(size)
        )

    rows, columns = range(height - size + 1), range(width - size + 1)
    return [[[seen(o, row, column) for column in columns] for row in rows] for o in range(len(w))]


def backward_convolution(x, w, upstream):
    """dl/dx and dl/dw: each product w * x passes on the upstream of its place times the other factor."""
    size = len(w[0][0])
    dx = [[[0.0] * len(row) for row in channel] for channel in x]
    dw = [[[[0.0] * size for _ in range(size)] for _ in x] for _ in w]
    for o, places in enumerate(upstream):
        for row, line in enumerate(places):
            for column, g in enumerate(line):
                for c in range(len(x)):
                    for i in range(size):
                        for j in range(size):
                            dx[c][row + i][column + j] += w[o][c][i][j] * g
                            dw[o][c][i][j] += x[c][row + i][column + j] * g
    return dx, dw


def relu(x):
    return [[[max(number, 0.0) for number in row] for row in channel] for channel in x]


def max_pool(x):
    """The largest of each 2 x 2 block."""
    return [
        [
            [max(a, b, c, d) for a, b, c, d in zip(upper[::2], upper[1::2], lower[::2], lower[1::2])]
            for upper, lower in zip(channel[::2], channel[1::2])
        ]
        for channel in x
    ]


def dense(x, w, b):
    """The numbers of all channels, one after the other, times w (inputs, outputs), plus b."""
    flat = [number for channel in x for row in channel for number in row]
    return [b[j] + sum(h * line[j] for h, line in zip(flat, w)) for j in range(len(b))]
