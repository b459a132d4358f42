"""A call that is refused or that fails leaves the estimator as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unchanged_if_refused(estimator: Any, kept: tuple[type[BaseException], ...] = ()) -> Iterator[None]:
    """Put an estimator's attributes back if the body raises, whatever it raises.

    The body must set new objects. An object that it changes in place stays changed.

    Parameters
    ----------
    estimator : object
    kept : tuple of exception types, default=()
        After these the new attributes stay, because they belong to a usable estimator.

    Examples
    --------
    >>> class Mean:
    ...     def fit(self, x):
    ...         with unchanged_if_refused(self):
    ...             self.n_, self.mean_ = len(x), sum(x) / len(x)
    >>> mean = Mean()
    >>> mean.fit([1, 3])
    >>> mean.fit([])
    Traceback (most recent call last):
    ZeroDivisionError: division by zero
    >>> mean.n_, mean.mean_
    (2, 2.0)
    """
    before = dict(vars(estimator))
    try:
        yield
    except kept:
        raise
    except BaseException:
        now = vars(estimator)
        now.update(before)  # first, for another thread may be using what was there before
        for name in now.keys() - before.keys():
            del now[name]
        raise
