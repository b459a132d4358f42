"""Loaders of public benchmark data."""

from ssm_estimators.datasets.archives import load_ucr_uea as load_ucr_uea
from ssm_estimators.datasets.bidmc import load_bidmc as load_bidmc
from ssm_estimators.datasets.forecasting import load_ett as load_ett
from ssm_estimators.datasets.forecasting import load_weather as load_weather
from ssm_estimators.datasets.images import load_sequential_cifar as load_sequential_cifar
from ssm_estimators.datasets.images import load_sequential_mnist as load_sequential_mnist
from ssm_estimators.datasets.listops import load_listops as load_listops
from ssm_estimators.datasets.pathfinder import load_pathfinder as load_pathfinder
from ssm_estimators.datasets.speech import load_speech_commands as load_speech_commands
from ssm_estimators.datasets.speech import load_spoken_digits as load_spoken_digits
from ssm_estimators.datasets.text import load_imdb_bytes as load_imdb_bytes
from ssm_estimators.datasets.text import load_retrieval as load_retrieval
