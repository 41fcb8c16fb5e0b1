"""The REST API: studies in, masks out, without a browser. Nothing but `late` is imported before the first request."""
