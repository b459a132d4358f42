"""DLinear, the peer of long-term forecasting: Zeng, Chen, Zhang and Xu, Are Transformers Effective for Time Series
Forecasting?, AAAI 2023. One linear map of a window's moving average, one of what is left, for all columns alike."""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ssm_estimators.forecasting.windows import values_after, windows_before

WINDOW, AVERAGE = 336, 25
BATCH, EPOCHS, PATIENCE = 32, 10, 3
RATES = {"ETTh1": 5e-3, "ETTm1": 1e-4, "weather": 1e-4}  # those of the paper's scripts


class DLinear(nn.Module):
    def __init__(self, horizon):
        super().__init__()
        self.season, self.trend = nn.Linear(WINDOW, horizon), nn.Linear(WINDOW, horizon)

    def forward(self, x):
        padded = F.pad(x, (AVERAGE // 2, AVERAGE // 2), mode="replicate")
        average = F.avg_pool1d(padded, AVERAGE, stride=1)
        return self.season(x - average) + self.trend(average)


class DLinearForecaster:
    """Trained by Adam, its rate halved each epoch; of the epochs the best on the validation part."""

    def __init__(self, horizon, name, seed):
        self.horizon, self.rate, self.seed = horizon, RATES[name], seed

    def fit(self, train, validation):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return self._fit(train, np.concatenate([train[:, -WINDOW:], validation], axis=1))

    def _fit(self, train, validation):
        self.net = DLinear(self.horizon)
        optimizer = torch.optim.Adam(self.net.parameters(), lr=self.rate)
        origins = np.arange(WINDOW, train.shape[1] - self.horizon + 1)
        best, since, kept = np.inf, 0, None
        for epoch in range(EPOCHS):
            for group in optimizer.param_groups:
                group["lr"] = self.rate * 0.5**epoch
            order = origins[torch.randperm(len(origins)).numpy()]
            for chosen in np.array_split(order, -(-len(order) // BATCH)):
                optimizer.zero_grad()
                F.mse_loss(*self._pair(train, chosen)).backward()
                optimizer.step()
            loss = self._loss(validation)
            best, since, kept = (
                (loss, 0, copy.deepcopy(self.net.state_dict())) if loss < best else (best, since + 1, kept)
            )
            if since == PATIENCE:
                break
        self.net.load_state_dict(kept)
        return self

    def _pair(self, x, origins):
        windows, after = windows_before(x, origins, WINDOW), values_after(x, origins, self.horizon)
        return self.net(torch.tensor(windows, dtype=torch.float32)), torch.tensor(after, dtype=torch.float32)

    def _loss(self, x):
        origins = np.arange(WINDOW, x.shape[1] - self.horizon + 1)
        with torch.no_grad():
            return sum(float(F.mse_loss(*self._pair(x, chunk))) * len(chunk) for chunk in np.array_split(origins, 20))

    def predict_windows(self, x, origins):
        with torch.no_grad():
            return self.net(torch.tensor(windows_before(x, origins, WINDOW), dtype=torch.float32)).numpy()
