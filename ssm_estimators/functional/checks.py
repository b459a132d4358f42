"""What layers, steppers and networks ask of their inputs."""

from torch import Tensor


def check_real(values: Tensor) -> None:
    """Raise if the values are complex."""
    if values.is_complex():
        raise ValueError(
            f"Expected real numbers; got {values.dtype}. Give real and imaginary parts as features of their own."
        )
