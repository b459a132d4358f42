"""One cache for everything that is made again only when what it is made of has changed."""

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class LastMade:
    """The last value that was made under each name, together with the key that it was made for.

    Examples
    --------
    >>> made = LastMade()
    >>> made.get("square", 3, lambda: print("made") or 9), made.get("square", 3, lambda: print("made") or 9)
    made
    (9, 9)
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[Hashable, object]] = {}

    def get(self, name: str, key: Hashable, make: Callable[[], T]) -> T:
        """The value under a name, if it was made for this key; else make it, and keep it. None is never a match."""
        if key is None or name not in self._made or self._made[name][0] != key:
            self._made[name] = key, make()
        value: T = self._made[name][1]  # type: ignore[assignment]  # of the type that was made under this name
        return value

    def forget(self, name: str) -> None:
        """Drop the value under a name, if there is one."""
        self._made.pop(name, None)
