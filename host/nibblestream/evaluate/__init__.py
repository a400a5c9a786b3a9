"""What a model does to speech: mixtures, STOI, SI-SDR and PESQ, intervals, tables (extra: eval)."""
