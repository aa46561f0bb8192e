"""What arrays need of the stepper, with NumPy, which numbers do without: heatmaps, pulls, behind, elements."""
