"""The out-of-fold accuracy of several recipes on one cohort."""
