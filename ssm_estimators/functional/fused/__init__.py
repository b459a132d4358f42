"""Several steps of a residual block in one function, with a gradient written by hand."""
