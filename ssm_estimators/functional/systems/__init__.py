"""Systems: their state matrices, discretisation, block matrices and powers."""
