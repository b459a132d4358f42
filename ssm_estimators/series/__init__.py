"""Series of cases in memory: what a user hands in, checked and brought to one form."""
