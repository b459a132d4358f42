"""Pure tensor mathematics of state-space models: torch only, no modules, no state."""
