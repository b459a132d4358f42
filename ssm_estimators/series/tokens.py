"""Texts as series of whole numbers."""

from dataclasses import replace

from ssm_estimators.series.data import SeriesData

MOST_TEXTS = 2


def check_tokens(data: SeriesData, n_tokens: int | None) -> SeriesData:
    """The series if they are texts, with the length of each case's longest.

    Parameters
    ----------
    data : SeriesData
        Tokens from 1 on; 0 past the end of a text.
    n_tokens : int or None
        Largest token; ``None``: any.

    Raises
    ------
    ValueError
        If X holds other numbers, a 0 before a text's end, an empty text, a token above ``n_tokens``, or more than two
        channels.

    Examples
    --------
    >>> import torch
    >>> check_tokens(SeriesData(torch.tensor([[[3.0, 1.0, 0.0]], [[2.0, 0.0, 0.0]]])), 3).lengths
    tensor([2, 1])
    """
    X = data.X
    if X.shape[1] > MOST_TEXTS:
        raise ValueError(f"Expected one text per case, or two to compare, as channels of X; got {X.shape[1]} channels.")
    inside = X.flip(-1).cumsum(-1).flip(-1) > 0  # up to the last token
    wrong = (X < 0) | (X.round() != X) | (inside & (X == 0))
    if wrong.any():
        case, channel, time = wrong.nonzero()[0].tolist()
        raise ValueError(
            "Expected tokens as whole numbers from 1 on, and 0 only past the end of a text; got "
            f"{X[case, channel, time].item():g} in case {case}, channel {channel}, time point {time}."
        )
    lengths = inside.sum(-1)
    if (lengths == 0).any():
        case, channel = (lengths == 0).nonzero()[0].tolist()
        raise ValueError(f"Case {case}, channel {channel} of X is an empty text.")
    if n_tokens is not None and X.max() > n_tokens:
        raise ValueError(
            f"X holds the token {X.max().item():g}; the largest known is {n_tokens}. Set n_tokens to the size of the "
            "vocabulary if the training set may lack some of it."
        )
    longest = lengths.amax(1)
    if (longest == X.shape[-1]).all():
        return replace(data, lengths=None)
    return replace(data, X=X[..., : int(longest.max())], lengths=longest)
