"""What stays on disk: checkpoints of runs, trained networks, and files that are whole or not there.

Reading order: files, plausible, memory, checkpoints, kept.
"""
