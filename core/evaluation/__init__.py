"""From masks to numbers that survive review: scores, intervals, tests, tables."""
