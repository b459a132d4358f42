"""Studies of speed, one per module."""
