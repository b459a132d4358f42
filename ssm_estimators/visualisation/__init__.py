"""Pictures of trainings, systems and comparisons; needs the extra ``plots``."""

from ssm_estimators.visualisation.critical_difference import plot_critical_difference as plot_critical_difference
from ssm_estimators.visualisation.learning_curve import plot_learning_curve as plot_learning_curve
from ssm_estimators.visualisation.systems import plot_kernels as plot_kernels
