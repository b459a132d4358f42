"""Forms of the liquid system, in which a state also moves by products of itself and the input."""
