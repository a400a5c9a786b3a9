"""Evaluation of models on mixtures: STOI, SI-SDR, PESQ, intervals, tables (extra: eval)."""
