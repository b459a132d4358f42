"""Measurements of accuracy and of speed, run as modules from the root of the checkout."""
