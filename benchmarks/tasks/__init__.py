"""Tasks on which networks are compared with baselines: how one of them is described, fitted and scored."""
