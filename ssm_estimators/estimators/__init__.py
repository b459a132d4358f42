"""scikit-learn estimators over deep state-space networks."""

from ssm_estimators.estimators.models import LiquidS4Classifier as LiquidS4Classifier
from ssm_estimators.estimators.models import LiquidS4Regressor as LiquidS4Regressor
from ssm_estimators.estimators.models import S4DClassifier as S4DClassifier
from ssm_estimators.estimators.models import S4DRegressor as S4DRegressor
