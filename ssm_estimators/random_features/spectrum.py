r"""Regressions with a penalty, solved for every penalty from one set of eigenvectors, and errors of left-out cases.

With w the weights, W their sum, and S the rows :math:`\sqrt{w_i}\,(\phi_i - \bar\phi)` of centred features, everything
follows from the eigenvectors of :math:`S S^\top` (:class:`Dual`) or of :math:`S^\top S` (:class:`Primal`).
"""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.linalg.blas import dsyrk

from ssm_estimators.random_features.scaling import batches

PENALTIES = np.logspace(4, -8, 25)  # for features of unit length; under the highest only the mean is left
TINY = 1e-300  # of the only case nothing is kept, and nothing is wrong

Array = NDArray[Any]


@dataclass(frozen=True)
class Problem:
    """What is to be predicted of training cases, how much each case counts, and what is left out together.

    Attributes
    ----------
    Y : ndarray of shape (n_cases, n_targets), float64
    weight : ndarray of shape (n_cases,), float64
        Positive.
    copy_weight : ndarray of shape (n_cases,), float64
        A case counts as several copies, each of this weight, of which one is left out at a time.
    groups : ndarray of shape (n_cases,) or None
        Cases of one group are left out together.
    shared : bool
        One penalty for all targets, else one each.
    n_picked : ndarray of shape (n_cases,) or None
        How often each case was picked where these cases stand for more; its error then counts so often, not by weight.
    """

    Y: Array
    weight: Array
    copy_weight: Array
    groups: Array | None = None
    shared: bool = True
    n_picked: Array | None = None

    def select(self, cases: Array, n_picked: Array | None = None) -> "Problem":
        """The problem for some of the cases."""
        groups = None if self.groups is None else self.groups[cases]
        return Problem(self.Y[cases], self.weight[cases], self.copy_weight[cases], groups, self.shared, n_picked)

    @property
    def counted(self) -> Array:
        """How much each case's error counts, (n_cases,)."""
        return self.weight if self.n_picked is None else self.n_picked

    @property
    def mean(self) -> Array:
        """Of the targets, (n_targets,)."""
        return np.asarray(self.counted @ self.Y / self.counted.sum())

    @property
    def root(self) -> Array:
        """Square roots of the weights, (n_cases, 1)."""
        return np.sqrt(self.weight)[:, None]


class Spectrum(Protocol):
    """A regression with every penalty, and what it leaves of weighted targets: I - H, with H the hat matrix of S."""

    def alone(self, rows: Any) -> tuple[Array, Array]:
        """Residuals, (n_penalties, n_rows, n_targets), and the diagonal of I - H, (n_penalties, n_rows)."""

    def together(self, rows: Any) -> tuple[Array, Iterator[Array]]:
        """Residuals, and for each penalty the rows and columns of I - H that belong to these cases."""

    def coefficients(self, chosen: Array) -> tuple[Array, Array]:
        """Coefficients, (n, n_targets), and intercepts, for the position of one penalty a target."""


@dataclass(frozen=True)
class Solution:
    """A regression with the penalties that predict left-out cases best.

    Attributes
    ----------
    coef : ndarray of shape (n, n_targets)
        Of the features (primal) or of the similarities to the training cases (dual).
    intercept : ndarray of shape (n_targets,)
    penalty : ndarray of shape (n_targets,)
    left_out : ndarray of shape (n_cases, n_targets)
        What the training cases are predicted to be when they are left out.
    loss : ndarray of shape (n_targets,)
        Weighted squared errors of left-out cases.
    """

    coef: Array
    intercept: Array
    penalty: Array
    left_out: Array
    loss: Array


def solve(spectrum: Spectrum, problem: Problem) -> Solution:
    r"""Choose the penalties of least squared error on left-out cases.

    Leaving out one copy, of weight u, of case i has leverage :math:`h_i = u_i / w_i H_{ii}` and error
    :math:`r_i / (1 - h_i)`, which counts :math:`w_i` times; a case of less than one copy is left out whole.
    """
    Y, groups, root = problem.Y, problem.groups, problem.root
    n_copies = np.maximum(problem.weight / problem.copy_weight, 1)
    errors = np.empty((len(PENALTIES), *Y.shape))
    if groups is None:
        for rows in batches(len(Y)):
            residuals, kept = spectrum.alone(rows)
            kept = (n_copies[rows] - 1 + kept) / n_copies[rows]
            errors[:, rows] = residuals / root[rows] / kept.clip(TINY)[..., None]
    else:
        for members in _members(groups):
            residuals, kept_together = spectrum.together(members)
            pairs = zip(kept_together, residuals, strict=True)
            errors[:, members] = np.stack([np.linalg.solve(kept, residual) for kept, residual in pairs]) / root[members]
    loss = np.einsum("n,anq->aq", problem.counted, errors**2)
    compared = np.repeat(loss.sum(axis=1, keepdims=True), Y.shape[1], axis=1) if problem.shared else loss
    best = (compared <= compared.min(axis=0) * (1 + 1e-6)).argmax(axis=0)  # of equals the highest penalty
    targets = np.arange(Y.shape[1])
    coef, intercept = spectrum.coefficients(best)
    return Solution(coef, intercept, PENALTIES[best], Y - errors[best, :, targets].T, loss[best, targets])


class Dual:
    """From similarities of the training cases to each other, of which there are fewer than features.

    Parameters
    ----------
    K : ndarray of shape (n_cases, n_cases), float64
        Overwritten.
    problem : Problem
    """

    def __init__(self, K: Array, problem: Problem):
        self._root, total = problem.root, problem.weight.sum()
        self._mean = problem.mean
        self._center = K @ problem.weight / total
        K -= self._center
        K -= self._center[:, None] - problem.weight @ self._center / total
        K *= self._root
        K *= self._root.T
        values, vectors = eigh(K.T, overwrite_a=True, driver="evd")
        constant = self._root / np.sqrt(total)  # what the centring leaves out
        vectors -= constant * (constant.T @ vectors)
        self._vectors, values = vectors, values.clip(0)
        self._inverse = 1 / (values[:, None] + PENALTIES)
        self._response = vectors.T @ (self._root * (problem.Y - self._mean))

    def alone(self, rows: Any) -> tuple[Array, Array]:
        """See :class:`Spectrum`."""
        own, shares = self._vectors[rows], PENALTIES * self._inverse
        return _times(own, shares, self._response), (own**2 @ shares).T

    def together(self, rows: Any) -> tuple[Array, Iterator[Array]]:
        """See :class:`Spectrum`."""
        own, shares = self._vectors[rows], PENALTIES * self._inverse
        return _times(own, shares, self._response), ((own * share) @ own.T for share in shares.T)

    def coefficients(self, chosen: Array) -> tuple[Array, Array]:
        """Of the similarities to the training cases."""
        coef = self._root * (self._vectors @ (self._inverse[:, chosen] * self._response))
        return coef, self._mean - self._center @ coef


class Sums:
    """What a regression needs of its training cases: sums over them, to which further cases can be added.

    Parameters
    ----------
    n_features, n_targets : int

    Attributes
    ----------
    square : ndarray of shape (n_features, n_features)
        Of the features' products only the upper triangle is kept.
    """

    def __init__(self, n_features: int, n_targets: int):
        self.weight = 0.0
        self.feature, self.target = np.zeros(n_features), np.zeros(n_targets)
        self.square = np.zeros((n_features, n_features), order="F")
        self.moment = np.zeros((n_features, n_targets))

    def add(self, features: Array, Y: Array, weight: Array) -> None:
        """Add cases: features of shape (n_cases, n_features), float64."""
        self.weight += weight.sum()
        self.feature += weight @ features
        self.target += weight @ Y
        self.moment += features.T @ (weight[:, None] * Y)
        root = np.sqrt(weight)[:, None]
        self.square = dsyrk(1.0, (root * features).T, beta=1.0, c=self.square, overwrite_c=True)

    def __add__(self, other: "Sums") -> "Sums":
        """Over the cases of both."""
        total = copy(self)
        for name, value in vars(other).items():
            setattr(total, name, getattr(self, name) + value)
        return total

    @classmethod
    def of(cls, features: Callable[[Any], Array], problem: Problem, n_features: int) -> "Sums":
        """Over all cases of a problem, whose features are given by rows."""
        sums = cls(n_features, problem.Y.shape[1])
        for rows in batches(len(problem.Y)):
            sums.add(features(rows), problem.Y[rows], problem.weight[rows])
        return sums


class Primal:
    """From sums over the training cases, of which there are more than features.

    Parameters
    ----------
    sums : Sums
        The square is overwritten.
    features : callable
        From rows to features of cases that are left out, (n_rows, n_features) float64: all training cases or some.
    problem : Problem
        Of these cases.
    """

    def __init__(self, sums: Sums, features: Callable[[Any], Array], problem: Problem):
        self._features, self._total = features, sums.weight
        self._center, self._mean = sums.feature / sums.weight, sums.target / sums.weight
        self._root, self._target = problem.root, problem.root * (problem.Y - self._mean)
        square = sums.square
        square -= sums.weight * np.outer(self._center, self._center)
        values, self._vectors = eigh(square, lower=False, overwrite_a=True, driver="evd")
        self._inverse = 1 / (values.clip(0)[:, None] + PENALTIES)
        self._response = self._vectors.T @ (sums.moment - np.outer(sums.feature, self._mean))

    def alone(self, rows: Any) -> tuple[Array, Array]:
        """See :class:`Spectrum`."""
        scores = self._scores(rows)
        kept = 1 - (scores**2 @ self._inverse).T - self._root[rows, 0] ** 2 / self._total
        return self._target[rows] - _times(scores, self._inverse, self._response), kept

    def together(self, rows: Any) -> tuple[Array, Iterator[Array]]:
        """See :class:`Spectrum`."""
        scores, root = self._scores(rows), self._root[rows]
        rest = np.eye(len(root)) - root @ root.T / self._total
        kept = (rest - (scores * share) @ scores.T for share in self._inverse.T)
        return self._target[rows] - _times(scores, self._inverse, self._response), kept

    def coefficients(self, chosen: Array) -> tuple[Array, Array]:
        """Of the features."""
        coef = self._vectors @ (self._inverse[:, chosen] * self._response)
        return coef, self._mean - self._center @ coef

    def _scores(self, rows: Any) -> Array:
        """Coordinates of cases along the eigenvectors, (n_rows, n_features)."""
        return np.asarray((self._root[rows] * (self._features(rows) - self._center)) @ self._vectors)


def _times(scores: Array, shares: Array, response: Array) -> Array:
    """Scores times shares of the response, (n_penalties, n_rows, n_targets)."""
    both = shares[:, :, None] * response[:, None]
    return (scores @ both.reshape(len(both), -1)).reshape(-1, *both.shape[1:]).transpose(1, 0, 2)


def _members(groups: Array) -> list[Array]:
    number = np.unique(groups, return_inverse=True)[1]
    return [np.flatnonzero(number == group) for group in range(number.max() + 1)]
