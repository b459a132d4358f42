"""The estimators with sktime's interface."""

from ssm_estimators.sktime.classifiers import LiquidS4Classifier as LiquidS4Classifier
from ssm_estimators.sktime.classifiers import LSSLClassifier as LSSLClassifier
from ssm_estimators.sktime.classifiers import S4Classifier as S4Classifier
from ssm_estimators.sktime.classifiers import S4DClassifier as S4DClassifier
from ssm_estimators.sktime.classifiers import StateSpaceRidgeClassifier as StateSpaceRidgeClassifier
from ssm_estimators.sktime.forecasters import LiquidS4Forecaster as LiquidS4Forecaster
from ssm_estimators.sktime.forecasters import LSSLForecaster as LSSLForecaster
from ssm_estimators.sktime.forecasters import S4DForecaster as S4DForecaster
from ssm_estimators.sktime.forecasters import S4Forecaster as S4Forecaster
from ssm_estimators.sktime.forecasters import StateSpaceRidgeForecaster as StateSpaceRidgeForecaster
from ssm_estimators.sktime.regressors import LiquidS4Regressor as LiquidS4Regressor
from ssm_estimators.sktime.regressors import LSSLRegressor as LSSLRegressor
from ssm_estimators.sktime.regressors import S4DRegressor as S4DRegressor
from ssm_estimators.sktime.regressors import S4Regressor as S4Regressor
from ssm_estimators.sktime.regressors import StateSpaceRidgeRegressor as StateSpaceRidgeRegressor
