"""The Train page in parts: the form, its checks, the runs, and what a run shows."""
