"""Pure tensor mathematics of state-space models: torch only, no modules, no state.

``systems`` holds the discrete systems and what leads to them, ``scan`` runs them over time, ``liquid`` adds products of
inputs, ``fused`` joins the steps around a layer, and ``triton`` has Triton kernels for CUDA. ``reference`` has the
slow, obvious definition of each.
"""

from ssm_estimators.functional.backend import set_backend as set_backend
from ssm_estimators.functional.block_matrices import Blocks as Blocks
from ssm_estimators.functional.scan import chunk_length as chunk_length
from ssm_estimators.functional.scan import chunked_scan as chunked_scan
from ssm_estimators.functional.scan import scan_system as scan_system
from ssm_estimators.functional.systems.dense import DenseSystem as DenseSystem
from ssm_estimators.functional.systems.diagonal import DiagonalSystem as DiagonalSystem
from ssm_estimators.functional.systems.discretize import bilinear as bilinear
from ssm_estimators.functional.systems.discretize import zoh as zoh
from ssm_estimators.functional.systems.hippo import hippo_legs as hippo_legs
