"""Loaders of public benchmark data."""

from ssm_estimators.datasets.archives import load_ucr_uea as load_ucr_uea
from ssm_estimators.datasets.bidmc import load_bidmc as load_bidmc
from ssm_estimators.datasets.forecasting import load_ett as load_ett
from ssm_estimators.datasets.forecasting import load_weather as load_weather
