"""What courses ask next, beyond the sheets."""
