"""Whole networks: inputs, encoder, residual blocks, pooling, head."""

from ssm_estimators.networks.network import SequenceNetwork as SequenceNetwork
from ssm_estimators.networks.stepper import NetworkStepper as NetworkStepper
