"""The stepper in a terminal, on Textual. Reading order: moves, screen, training_screen, app, graph, training."""
