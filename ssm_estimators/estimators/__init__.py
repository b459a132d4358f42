"""scikit-learn estimators over deep state-space networks."""

from ssm_estimators.estimators.classifiers import LiquidS4Classifier as LiquidS4Classifier
from ssm_estimators.estimators.classifiers import LSSLClassifier as LSSLClassifier
from ssm_estimators.estimators.classifiers import S4Classifier as S4Classifier
from ssm_estimators.estimators.classifiers import S4DClassifier as S4DClassifier
from ssm_estimators.estimators.ensemble import StateSpaceEnsembleClassifier as StateSpaceEnsembleClassifier
from ssm_estimators.estimators.regressors import LiquidS4Regressor as LiquidS4Regressor
from ssm_estimators.estimators.regressors import LSSLRegressor as LSSLRegressor
from ssm_estimators.estimators.regressors import S4DRegressor as S4DRegressor
from ssm_estimators.estimators.regressors import S4Regressor as S4Regressor
from ssm_estimators.estimators.ridge import StateSpaceRidgeClassifier as StateSpaceRidgeClassifier
from ssm_estimators.estimators.ridge import StateSpaceRidgeRegressor as StateSpaceRidgeRegressor
