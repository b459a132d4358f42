"""Loaders of benchmark data."""

from ssm_estimators.datasets.archives import load_ucr_uea as load_ucr_uea
