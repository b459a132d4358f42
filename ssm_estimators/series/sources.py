"""Where the series of a fit may be: in memory, in a store, or on the workers of dask."""

from ssm_estimators.series.dask_series import DaskSeries
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.stored import StoredSeries

Series = SeriesData | StoredSeries | DaskSeries
