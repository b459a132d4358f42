"""From a network and a data set to a trained network, on skorch."""
