"""How easily the code is followed, and whether a change of structure keeps its results."""
