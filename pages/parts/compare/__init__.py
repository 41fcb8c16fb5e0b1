"""The Compare page in parts: one file per view, and what they share."""
