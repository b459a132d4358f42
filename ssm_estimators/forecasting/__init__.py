"""Forecasts of what follows windows of long series: ridge regressions on lag features, and networks beside them."""
