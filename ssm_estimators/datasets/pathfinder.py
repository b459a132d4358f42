"""Pathfinder: whether a path of dashes joins two dots, made here."""

from dataclasses import dataclass, replace

import numpy as np

from ssm_estimators.datasets.files import check_options, check_whole

DASHES = {"baseline": 6, "intermediate": 9, "hard": 14}  # of a long path
SPLITS = ("train", "validation", "test")
TURN = np.pi / 5  # largest change of direction between dashes
SMALLEST = 24  # pixels a side, in which two long paths still find room
TRIES = 20  # of a dash, and of a path
PIXELS_AT_ONCE = 2**19


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
    number. By these rules joined dots are further apart than others: their distance alone, without a look at the
    paths, tells three of four images right.

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
    check_whole(n_cases=n_cases, resolution=resolution)
    if resolution < SMALLEST:
        raise ValueError(f"resolution must be at least {SMALLEST}; got {resolution}.")
    random = np.random.default_rng([seed, SPLITS.index(split), resolution, DASHES[difficulty]])
    y = random.permutation(np.arange(n_cases) % 2)
    images = _images(y == 1, resolution, DASHES[difficulty], random)
    return images.reshape(n_cases, 1, -1), y.astype(np.int64)


def _images(joined: np.ndarray, resolution: int, n_dashes: int, random: np.random.Generator) -> np.ndarray:
    """(n_cases, resolution, resolution), float32; many are drawn at once, those without room for two paths dropped."""
    images = np.empty((len(joined), resolution, resolution), dtype=np.float32)
    n_drawn = 0
    while n_drawn < len(joined):
        n_tried = min(4 * (len(joined) - n_drawn), max(1, PIXELS_AT_ONCE // resolution**2))
        canvases = _Canvases.empty(n_tried, resolution, n_dashes)
        ends: list[np.ndarray] = []  # of both long paths
        for _ in range(2):
            drawn, path = canvases.add_paths(n_dashes, random)
            canvases = canvases.select(drawn)
            ends = [earlier[drawn] for earlier in (*ends, path)]
        canvases = canvases.select(np.arange(len(canvases.pixels)) < len(joined) - n_drawn)
        for _ in range(n_dashes // 2):
            canvases.add_paths(max(2, n_dashes // 3), random)
        n_new = len(canvases.pixels)
        first, second = (path[:n_new] for path in ends)
        of_case = slice(n_drawn, n_drawn + n_new)
        canvases.add_dots(first[:, 0])
        canvases.add_dots(np.where(joined[of_case, None], first[:, 1], second[:, 0]))
        images[of_case] = canvases.pixels
        n_drawn += n_new
    return images


@dataclass
class _Canvases:
    """Images, the places (2, resolution, resolution) of their pixels, and how near a path may come."""

    pixels: np.ndarray  # (n_images, resolution, resolution)
    nearest: np.ndarray  # distance of each pixel to the paths drawn so far
    places: np.ndarray
    dash: float  # length, pixels
    width: float

    @classmethod
    def empty(cls, n_images: int, resolution: int, n_dashes: int) -> "_Canvases":
        rows = np.arange(resolution) + 0.5
        places = np.stack(np.meshgrid(rows, rows, indexing="ij"))
        shape = (n_images, resolution, resolution)
        dash = resolution * min(0.1, 0.9 / n_dashes)
        return cls(np.zeros(shape), np.full(shape, np.inf), places, dash, resolution / 36)

    def select(self, images: np.ndarray) -> "_Canvases":
        return replace(self, pixels=self.pixels[images], nearest=self.nearest[images])

    def add_paths(self, n_dashes: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw a path in each image that keeps clear of the others and of itself.

        Returns
        -------
        drawn : ndarray of shape (n_images,), bool
            Where room was found.
        ends : ndarray of shape (n_images, 2, 2)
            Of the paths drawn.
        """
        drawn, ends = np.zeros(len(self.pixels), dtype=bool), np.empty((len(self.pixels), 2, 2))
        for _ in range(TRIES):
            images, dashes = self._paths(np.flatnonzero(~drawn), n_dashes, random)
            drawn[images] = True
            ends[images, 0], ends[images, 1] = dashes[:, 0, 0], dashes[:, -1, 1]
            for i in range(n_dashes):
                self._draw_dash(images, dashes[:, i])
        return drawn, ends

    def add_dots(self, places: np.ndarray) -> None:
        """Draw a dot in each image."""
        distance = np.hypot(*(self.places[:, None] - places.T[:, :, None, None]))
        self.pixels = np.maximum(self.pixels, np.clip(1.5 * self.width + 0.5 - distance, 0, 1))

    def _draw_dash(self, images: np.ndarray, dashes: np.ndarray) -> None:
        distance = _distance(self.places, dashes[:, None, None])
        brightness = np.clip(self.width / 2 + 0.5 - distance, 0, 1)
        self.pixels[images] = np.maximum(self.pixels[images], brightness)
        self.nearest[images] = np.minimum(self.nearest[images], distance)

    def _paths(self, images: np.ndarray, n_dashes: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Try a path in each of some images; return those in which all dashes found room, and the dashes."""
        start = random.uniform(0.1, 0.9, (len(images), 2)) * self.pixels.shape[1]
        direction = random.uniform(0, 2 * np.pi, len(images))
        dashes = np.empty((len(images), n_dashes, 2, 2))  # begin and end
        for i in range(n_dashes):
            turned = direction[:, None] + random.uniform(-TURN, TURN, (len(images), TRIES))
            steps = np.stack([np.sin(turned), np.cos(turned)], axis=-1)
            begins = start[:, None] + (0.5 * self.dash if i else 0.0) * steps
            tried = np.stack([begins, begins + self.dash * steps], axis=2)
            free = self._are_free(images, tried, dashes[:, : max(i - 1, 0)])
            found, first = np.flatnonzero(free.any(1)), free.argmax(1)
            images, dashes, first = images[found], dashes[found], first[found]
            dashes[:, i] = tried[found, first]
            direction, start = turned[found, first], dashes[:, i, 1]
        return images, dashes

    def _are_free(self, images: np.ndarray, dashes: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Whether dashes (n, tries, 2, 2) lie inside, away from other paths, and from ``own`` (n, n_own, 2, 2)."""
        low, high = self.width, self.pixels.shape[1] - self.width
        free: np.ndarray = np.all((dashes > low) & (dashes < high), axis=(2, 3))
        image, dash = np.nonzero(free)
        begins, ends = dashes[image, dash].swapaxes(0, 1)
        points = begins[..., None] + np.linspace(0, 1, 4) * (ends - begins)[..., None]  # (n, 2, 4)
        rows, columns = points.astype(int).swapaxes(0, 1)
        clear = (self.nearest[images[image, None], rows, columns] >= 3 * self.width).all(1)
        distance = _distance(points[clear].swapaxes(0, 1)[..., None], own[image[clear], None])
        free[image, dash] = clear
        free[image[clear], dash[clear]] = (distance >= 2.5 * self.width).all((1, 2))
        return free


def _distance(points: np.ndarray, dashes: np.ndarray) -> np.ndarray:
    """Of points (2, ...) to dashes (..., 2, 2), begins and ends."""
    rows, columns = (points[i] - dashes[..., 0, i] for i in range(2))
    down, right = (dashes[..., 1, i] - dashes[..., 0, i] for i in range(2))
    share = np.clip((rows * down + columns * right) / (down**2 + right**2), 0, 1)
    return np.asarray(np.hypot(rows - share * down, columns - share * right))
