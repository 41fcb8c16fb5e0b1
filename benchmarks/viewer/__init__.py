"""The slice viewer beside NiiVue, in one browser on one machine."""
