"""Benchmarks run by sktime's own classes."""
