"""What serving studies to several clients costs beside the command line."""
