"""From a network and a data set to a trained network, on skorch."""

from ssm_estimators.training.checkpoint import TrainingCheckpoint as TrainingCheckpoint
