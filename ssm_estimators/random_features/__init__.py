"""Random state-space features: time series to a table, without training."""

from ssm_estimators.random_features.transformer import StateSpaceFeatures as StateSpaceFeatures
