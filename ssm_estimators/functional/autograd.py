"""What the hand-written gradients share."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any

import torch
from torch.autograd import function


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a hand-written backward: it has no gradient itself, and runs as its forward did, without autocast."""

    @wraps(backward)
    def without_autocast(ctx: Any, *gradients: Any) -> Any:
        with ExitStack() as stack:
            for device in ("cpu", "cuda"):
                if torch.is_autocast_enabled(device):
                    stack.enter_context(torch.autocast(device, enabled=False))
            return backward(ctx, *gradients)

    return function.once_differentiable(without_autocast)
