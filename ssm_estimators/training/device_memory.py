"""What a device has room for."""

import gc

import torch

from ssm_estimators.series.data import SeriesData
from ssm_estimators.training.net import SeriesNet

SHARE = 0.5  # of the free memory, which data may take


def placed(data: SeriesData, device: torch.device) -> SeriesData:
    """The data on the device if they leave room there for the training, else as they are: batches then move."""
    if device.type == "cuda" and data.n_bytes > SHARE * torch.cuda.mem_get_info(device)[0]:
        return data
    return data.to(device)


def out_of_memory(net: SeriesNet, data: SeriesData) -> torch.OutOfMemoryError:
    """What to raise where a batch did not fit: says which would, found by training passes of fewer and fewer cases.

    Parameters
    ----------
    net : SeriesNet
        After its training, and of no further use.
    data : SeriesData
    """
    asked = min(net.batch_size, len(data))
    sizes = [asked >> halvings for halvings in range(1, asked.bit_length())]
    fitting = next((size for size in sizes if _fits(net, data, size)), 0)
    advice = f"One of {fitting} does: set batch_size={fitting}" if fitting else "A single case does not: shorten series"
    return torch.OutOfMemoryError(
        f"A training step with a batch of {asked} series of {data.X.shape[-1]} time points does not fit the memory of "
        f"device {str(net.device)!r}. {advice}, or take a smaller network (d_model, n_layers)."
    )


def _fits(net: SeriesNet, data: SeriesData, size: int) -> bool:
    """Whether a training pass of so many cases, the longest ones, does."""
    order = torch.arange(len(data)) if data.lengths is None else data.lengths.cpu().argsort(descending=True)
    device = torch.device(net.device)
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
    try:
        batch, y = data.select(order[:size].numpy()).to(device)[:]
        assert y is not None
        net.module_.train()
        net.get_loss(net.infer(batch), y, X=batch, training=True).backward()
    except torch.OutOfMemoryError:
        return False
    finally:
        net.module_.zero_grad()
        net.module_.eval()
    return True
