"""Training: the engine, what it samples, and the run folder it writes."""
