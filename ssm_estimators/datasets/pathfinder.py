"""Pathfinder: whether a path of dashes joins two dots, made here."""

from dataclasses import dataclass

import numpy as np

from ssm_estimators.datasets.files import check_options

DASHES = {"baseline": 6, "intermediate": 9, "hard": 14}  # of a long path
SPLITS = ("train", "validation", "test")
TURN = np.pi / 5  # largest change of direction between dashes
SMALLEST = 24  # pixels a side, in which two long paths still find room
TRIES = 20  # of a dash, and of a path


def load_pathfinder(
    split: str, *, n_cases: int = 1000, resolution: int = 32, difficulty: str = "hard", seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Images with two dots and paths of dashes, made by the rules of Pathfinder, read pixel by pixel.

    Each image has two long paths of equal length and, as room allows, short ones that distract. The dots are at both
    ends of one long path, or at one end of each.

    Parameters
    ----------
    split : {"train", "validation", "test"}
        Each has images of its own.
    n_cases : int, default=1000
        Images to make; half of them, at random, are joined.
    resolution : int, default=32
        Pixels a side, at least 24: 32 is the Long Range Arena's Pathfinder, 128 its Path-X.
    difficulty : {"baseline", "intermediate", "hard"}, default="hard"
        6, 9 or 14 dashes a long path.
    seed : int, default=0

    Returns
    -------
    X : ndarray of shape (n_cases, 1, resolution ** 2), float32
        Between 0 and 1, row by row.
    y : ndarray of shape (n_cases,), int64
        1: joined.

    Raises
    ------
    ValueError
        If an option is unknown or too small.

    Notes
    -----
    The published images come from another generator of the same kind; scores are comparable in kind, not number for
    number.

    References
    ----------
    .. [1] "Learning long-range spatial dependencies with horizontal gated recurrent units", arXiv:1805.08315.
    .. [2] "Long Range Arena: A Benchmark for Efficient Transformers", arXiv:2011.04006.

    Examples
    --------
    >>> X, y = load_pathfinder("train", n_cases=4)
    >>> X.shape, sorted(y.tolist())
    ((4, 1, 1024), [0, 0, 1, 1])
    """
    check_options(split=(split, SPLITS), difficulty=(difficulty, tuple(DASHES)))
    if resolution < SMALLEST or n_cases < 1:
        raise ValueError(
            f"resolution must be at least {SMALLEST} and n_cases at least 1; got {resolution} and {n_cases}."
        )
    random = np.random.default_rng([seed, SPLITS.index(split), resolution, DASHES[difficulty]])
    y = random.permutation(np.arange(n_cases) % 2)
    images = [_image(resolution, DASHES[difficulty], bool(joined), random) for joined in y]
    return np.stack(images).reshape(n_cases, 1, -1).astype(np.float32), y.astype(np.int64)


def _image(resolution: int, n_dashes: int, joined: bool, random: np.random.Generator) -> np.ndarray:
    while True:
        canvas = _Canvas.empty(resolution, n_dashes)
        long_paths = [canvas.add_path(n_dashes, random) for _ in range(2)]
        if any(path is None for path in long_paths):
            continue
        for _ in range(n_dashes // 2):
            canvas.add_path(max(2, n_dashes // 3), random)
        (first, last), (other, _) = (path for path in long_paths if path is not None)
        for place in (first, last if joined else other):
            canvas.add_dot(place)
        return canvas.pixels


@dataclass
class _Canvas:
    """Pixels (resolution, resolution), their places (..., 2), and how near another path may come."""

    pixels: np.ndarray
    places: np.ndarray
    nearest: np.ndarray  # distance of each pixel to the paths drawn so far
    dash: float  # length, pixels
    width: float

    @classmethod
    def empty(cls, resolution: int, n_dashes: int) -> "_Canvas":
        rows = np.arange(resolution) + 0.5
        places = np.stack(np.meshgrid(rows, rows, indexing="ij"), axis=-1)
        shape = (resolution, resolution)
        dash = resolution * min(0.1, 0.9 / n_dashes)
        return cls(np.zeros(shape), places, np.full(shape, np.inf), dash, resolution / 36)

    def add_path(self, n_dashes: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray] | None:
        """Draw a path that keeps clear of the others and of itself; return its ends, or None if no room was found."""
        for _ in range(TRIES):
            dashes = self._path(n_dashes, random)
            if dashes is not None:
                for dash in dashes:
                    distance = _distance(self.places, dash)
                    self.pixels = np.maximum(self.pixels, np.clip(self.width / 2 + 0.5 - distance, 0, 1))
                    self.nearest = np.minimum(self.nearest, distance)
                return dashes[0][0], dashes[-1][1]
        return None

    def add_dot(self, place: np.ndarray) -> None:
        """Draw a dot."""
        distance = np.linalg.norm(self.places - place, axis=-1)
        self.pixels = np.maximum(self.pixels, np.clip(1.5 * self.width + 0.5 - distance, 0, 1))

    def _path(self, n_dashes: int, random: np.random.Generator) -> list[np.ndarray] | None:
        """Dashes, each (2, 2): where it begins and ends; None if one found no room."""
        start = random.uniform(0.1, 0.9, 2) * len(self.pixels)
        direction = random.uniform(0, 2 * np.pi)
        dashes: list[np.ndarray] = []
        while len(dashes) < n_dashes:
            turned = direction + random.uniform(-TURN, TURN, TRIES)
            steps = np.stack([np.sin(turned), np.cos(turned)], axis=-1)
            begins = start + (0.5 * self.dash if dashes else 0.0) * steps
            tried = np.stack([begins, begins + self.dash * steps], axis=1)
            free = np.flatnonzero(self._are_free(tried, dashes[:-1]))
            if not len(free):
                return None
            direction = turned[free[0]]
            dashes.append(tried[free[0]])
            start = dashes[-1][1]
        return dashes

    def _are_free(self, dashes: np.ndarray, own: list[np.ndarray]) -> np.ndarray:
        """Whether dashes (n, 2, 2) lie inside, away from other paths, and from these dashes of their own path."""
        low, high = self.width, len(self.pixels) - self.width
        free: np.ndarray = np.all((dashes > low) & (dashes < high), axis=(1, 2))
        points = dashes[:, :1] + np.linspace(0, 1, 4)[:, None] * (dashes[:, 1:] - dashes[:, :1])
        rows, columns = np.moveaxis(points.clip(low, high).astype(int), -1, 0)
        free &= (self.nearest[rows, columns] >= 3 * self.width).all(1)
        if own:
            free &= (_distance(points[:, :, None], np.stack(own)) >= 2.5 * self.width).all((1, 2))
        return free


def _distance(points: np.ndarray, dashes: np.ndarray) -> np.ndarray:
    """Of points (..., 2) to dashes (..., 2, 2)."""
    begins, along = dashes[..., 0, :], dashes[..., 1, :] - dashes[..., 0, :]
    share = np.clip(((points - begins) * along).sum(-1) / (along * along).sum(-1), 0, 1)
    return np.asarray(np.linalg.norm(points - begins - share[..., None] * along, axis=-1))
