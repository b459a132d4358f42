"""State-space layers: one model a file, all with the contract of :class:`SSMLayer`."""

from ssm_estimators.layers.base import SSMLayer as SSMLayer
from ssm_estimators.layers.liquid_s4 import LiquidS4 as LiquidS4
from ssm_estimators.layers.lssl import LSSL as LSSL
from ssm_estimators.layers.s4 import S4 as S4
from ssm_estimators.layers.s4d import S4D as S4D
