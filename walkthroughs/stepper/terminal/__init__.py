"""The stepper in a terminal, on Textual: what is seen is lines made of a view, and keys lead to the next view."""
