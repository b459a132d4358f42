"""How regressions on different tables are joined: stacked by their predictions of left-out cases."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from ssm_estimators.random_features.spectrum import Problem

ALIKE = 1e-9  # of members' mean square: what tells equal ones apart
ROUNDING = 1e-24

Array = NDArray[Any]


def stacking_weights(left_out: Array, problem: Problem) -> Array:
    """Weights of members, (n_members, n_targets): non-negative least squares on predictions of left-out cases [1]_.

    Predictions and targets are taken less the targets' mean. Where the problem is shared, so are the weights.

    Parameters
    ----------
    left_out : ndarray of shape (n_members, n_cases, n_targets)
    problem : Problem

    References
    ----------
    .. [1] Breiman, "Stacked regressions", Machine Learning 24, 1996.
    """
    A, target = left_out - problem.mean, problem.Y - problem.mean
    square = np.einsum("n,rnq,snq->qrs", problem.counted, A, A, optimize=True)
    moment = np.einsum("n,rnq,nq->qr", problem.counted, A, target, optimize=True)
    spread = problem.counted @ target**2
    if problem.shared:
        square, moment, spread = (np.repeat(part.sum(0)[None], len(part), 0) for part in (square, moment, spread))
    return np.stack([_non_negative(*each) for each in zip(square, moment, spread, strict=True)], axis=1)


def _non_negative(square: Array, moment: Array, spread: float) -> Array:
    """Solution of a least squares problem from its normal equations, all of it at least 0."""
    scale = np.trace(square) / len(square)
    if scale <= ROUNDING * spread:  # members that say nothing but the mean
        return np.zeros(len(square))
    factor = cholesky(square / scale + ALIKE * np.eye(len(square)))  # members may be equal
    return np.asarray(nnls(factor, solve_triangular(factor, moment / scale, trans="T"))[0])
