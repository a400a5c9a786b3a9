"""`tasks`: networks of scikit-learn on well-known data, quantized and scored over seeds."""
