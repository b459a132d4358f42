"""Random state-space features: time series to a table, without training."""

from ssm_estimators.features.transformer import StateSpaceFeatures as StateSpaceFeatures
