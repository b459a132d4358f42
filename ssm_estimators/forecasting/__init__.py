"""Forecasts of what follows windows of long series: ridge regressions on lag features, and networks beside them."""

from ssm_estimators.forecasting.deep import LiquidS4WindowForecaster as LiquidS4WindowForecaster
from ssm_estimators.forecasting.deep import LSSLWindowForecaster as LSSLWindowForecaster
from ssm_estimators.forecasting.deep import S4DWindowForecaster as S4DWindowForecaster
from ssm_estimators.forecasting.deep import S4WindowForecaster as S4WindowForecaster
from ssm_estimators.forecasting.ridge import StateSpaceRidgeWindowForecaster as StateSpaceRidgeWindowForecaster
