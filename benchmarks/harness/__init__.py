"""What all studies share: options, rows, where a row comes from, timing."""
