"""Reading DICOM series beside a plain pydicom loop and SimpleITK."""
