"""From a network and a data set to a trained network, on skorch."""

from ssm_estimators.training.checkpoint import TrainingCheckpoint as TrainingCheckpoint
from ssm_estimators.training.fit_network import fit_network as fit_network
