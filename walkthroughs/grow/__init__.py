"""The engine grown in ten steps, from twelve lines to the parts of the real one: step01.py to step10.py."""
