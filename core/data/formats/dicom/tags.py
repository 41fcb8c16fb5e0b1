"""The elements that are looked at, by keyword: all others are skipped unread.

Reference: DICOM PS3.6, Registry of DICOM Data Elements.
"""

from __future__ import annotations

# keyword: (tag, value representation where the file leaves it out)
TAGS: dict[str, tuple[int, str]] = {
    "TransferSyntaxUID": (0x00020010, "UI"),
    # which object it is
    "ImageType": (0x00080008, "CS"),
    "SOPClassUID": (0x00080016, "UI"),
    "SOPInstanceUID": (0x00080018, "UI"),
    "StudyDate": (0x00080020, "DA"),
    "Modality": (0x00080060, "CS"),
    "StudyInstanceUID": (0x0020000D, "UI"),
    "SeriesInstanceUID": (0x0020000E, "UI"),
    "FrameOfReferenceUID": (0x00200052, "UI"),
    # whose it is: read by the layout to keep a patient's studies together, and never passed on
    "PatientName": (0x00100010, "PN"),
    "PatientID": (0x00100020, "LO"),
    # how it was acquired
    "Manufacturer": (0x00080070, "LO"),
    "SeriesDescription": (0x0008103E, "LO"),
    "ManufacturerModelName": (0x00081090, "LO"),
    "ContrastBolusAgent": (0x00180010, "LO"),
    "ScanningSequence": (0x00180020, "CS"),
    "SequenceVariant": (0x00180021, "CS"),
    "SequenceName": (0x00180024, "SH"),
    "SliceThickness": (0x00180050, "DS"),
    "KVP": (0x00180060, "DS"),
    "RepetitionTime": (0x00180080, "DS"),
    "EchoTime": (0x00180081, "DS"),
    "InversionTime": (0x00180082, "DS"),
    "EchoNumbers": (0x00180086, "IS"),
    "MagneticFieldStrength": (0x00180087, "DS"),
    "SpacingBetweenSlices": (0x00180088, "DS"),
    "ProtocolName": (0x00181030, "LO"),
    "TriggerTime": (0x00181060, "DS"),
    "GantryDetectorTilt": (0x00181120, "DS"),
    "ConvolutionKernel": (0x00181210, "SH"),
    "FlipAngle": (0x00181314, "DS"),
    "EffectiveEchoTime": (0x00189082, "FD"),
    "DiffusionBValue": (0x00189087, "FD"),
    "BurnedInAnnotation": (0x00280301, "CS"),
    # where it is
    "InstanceNumber": (0x00200013, "IS"),
    "ImagePositionPatient": (0x00200032, "DS"),
    "ImageOrientationPatient": (0x00200037, "DS"),
    "TemporalPositionIdentifier": (0x00200100, "IS"),
    "PixelSpacing": (0x00280030, "DS"),
    # how its pixels are stored
    "SamplesPerPixel": (0x00280002, "US"),
    "PhotometricInterpretation": (0x00280004, "CS"),
    "NumberOfFrames": (0x00280008, "IS"),
    "Rows": (0x00280010, "US"),
    "Columns": (0x00280011, "US"),
    "BitsAllocated": (0x00280100, "US"),
    "BitsStored": (0x00280101, "US"),
    "HighBit": (0x00280102, "US"),
    "PixelRepresentation": (0x00280103, "US"),
    "PixelPaddingValue": (0x00280120, "US"),
    "PixelPaddingRangeLimit": (0x00280121, "US"),
    "RescaleIntercept": (0x00281052, "DS"),
    "RescaleSlope": (0x00281053, "DS"),
    "ModalityLUTSequence": (0x00283000, "SQ"),
    # the frames of an enhanced image
    "SharedFunctionalGroupsSequence": (0x52009229, "SQ"),
    "PerFrameFunctionalGroupsSequence": (0x52009230, "SQ"),
    "FrameContentSequence": (0x00209111, "SQ"),
    "TemporalPositionIndex": (0x00209128, "UL"),
    "StackID": (0x00209056, "SH"),
    "PlanePositionSequence": (0x00209113, "SQ"),
    "PlaneOrientationSequence": (0x00209116, "SQ"),
    "PixelMeasuresSequence": (0x00289110, "SQ"),
    "PixelValueTransformationSequence": (0x00289145, "SQ"),
    "MRImageFrameTypeSequence": (0x00189226, "SQ"),
    "CTImageFrameTypeSequence": (0x00189329, "SQ"),
    "FrameType": (0x00089007, "CS"),
    "MREchoSequence": (0x00189114, "SQ"),
    "MRDiffusionSequence": (0x00189117, "SQ"),
    "MRTimingAndRelatedParametersSequence": (0x00189112, "SQ"),
    "MRModifierSequence": (0x00189115, "SQ"),
    "InversionTimes": (0x00189079, "FD"),
    # what a SEG or RTSTRUCT refers to
    "ReferencedSeriesSequence": (0x00081115, "SQ"),
    "ReferencedFrameOfReferenceSequence": (0x30060010, "SQ"),
    "RTReferencedStudySequence": (0x30060012, "SQ"),
    "RTReferencedSeriesSequence": (0x30060014, "SQ"),
    # what a segmentation says beyond an image
    "SegmentationType": (0x00620001, "CS"),
    "SegmentSequence": (0x00620002, "SQ"),
    "SegmentNumber": (0x00620004, "US"),
    "SegmentIdentificationSequence": (0x0062000A, "SQ"),
    "ReferencedSegmentNumber": (0x0062000B, "US"),
    "MaximumFractionalValue": (0x0062000E, "US"),
    "PlanePositionSlideSequence": (0x0048021A, "SQ"),
    # contours
    "StructureSetROISequence": (0x30060020, "SQ"),
    "ROINumber": (0x30060022, "IS"),
    "ROIName": (0x30060026, "LO"),
    "ROIContourSequence": (0x30060039, "SQ"),
    "ContourSequence": (0x30060040, "SQ"),
    "ContourGeometricType": (0x30060042, "CS"),
    "ContourData": (0x30060050, "DS"),
    "ReferencedROINumber": (0x30060084, "IS"),
}
SEQUENCES = frozenset(tag for tag, vr in TAGS.values() if vr == "SQ")
IMPLIED_VR = dict(TAGS.values())
PIXEL_DATA = 0x7FE00010
FLOAT_PIXELS = (0x7FE00008, 0x7FE00009)
