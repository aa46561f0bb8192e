"""Backpropagation by hand: plain NumPy layers with forward, backward and update, and no engine inside.

Modules for the course sheets, each in its sheet's own layout and names; tests hold every one equal to the engine.

    vu          "Assignment 1": k, h, o, y and l; one instance at a time, and batched
    vu_lists    the same of one instance in plain Python: loops over lists of floats
    augsburg    "Tutorial 04": instances are columns, the error term Delta, everything in class variables
    tsm         "Practical Work 03": an MLP of any depth, weights as PyTorch stores them
    ftp         "Practical work 04": DenseLayer and SoftmaxLayer with propagate and backpropagate
    lmu         "Exercise Sheet 3": Linear, ReLU, Softmax and CrossEntropy, one after the other
"""
