"""Studies of accuracy, one per module."""
