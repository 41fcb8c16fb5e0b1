"""Every limit on what an input may ask for, in one place."""

from __future__ import annotations

MAX_VOLUME_BYTES = 4 * 1024**3  # voxels of one file, uncompressed: a 1024 x 1024 x 2000 CT in int16
MAX_FOLDER_FILES = 200_000  # files that a layout looks at below one folder
MAX_DATASET_JSON_BYTES = 64 * 1024**2  # one dataset.json: 400,000 training cases
MAX_JUDGED_CASES = 50  # cases of one folder whose sequences are told apart by reading their voxels
MAX_EXTENSION_BYTES = 4 * 1024**2  # header extensions between a NIfTI header and its voxels
GZIP_TRAILING_BYTES = 4096  # padding that may follow the voxels inside a .nii.gz
MAX_DIMENSION = 8192  # voxels along one axis
MAX_DICOM_HEADER_BYTES = 64 * 1024**2  # of one file before its pixels: an enhanced image of 10,000 frames
MAX_DICOM_ELEMENTS = 2_000_000  # elements in one header, nested ones too
MAX_DICOM_DEPTH = 16  # sequences within sequences
MAX_SERIES_FILES = 20_000  # files of one DICOM series
MAX_SEGMENT_PIXELS = 16 * 1024**3  # of all frames of one segmentation: 60,000 frames of 512 x 512, mostly empty
MAX_MARKED_VOXELS = 2**28  # voxels of all segments or contours of one mask together: 1 GiB of their indices
MAX_CONTOUR_CROSSINGS = 2**24  # of one structure's contours on one slice with lines of voxels
MAX_SCHEME_BYTES = 64 * 1024  # a label scheme's file: a list of names

MAX_UPLOAD_FILES = 50_000  # files of one upload; LGG has 7,858, a DICOM disc a few thousand
MAX_UPLOAD_FILE_BYTES = 16 * 1024**3  # one uploaded file: a zip of a whole BraTS year
MAX_UPLOAD_BYTES = 32 * 1024**3  # all files of one upload
MAX_UPLOADS = 16  # uploads that a workspace holds at once
MAX_UPLOAD_LIST_BYTES = 16 * 1024**2  # the list of names and sizes that starts an upload
MAX_UPLOAD_NAME_BYTES = 1000  # a file's name with its folders
MAX_UPLOAD_DEPTH = 24  # folders within folders
UPLOAD_PIECE_BYTES = 8 * 1024**2  # what a browser sends in one request
UPLOAD_KEPT_S = 24 * 3600.0  # an upload that nothing has touched for this long is deleted
FREE_DISK_BYTES = 1024**3  # what uploads and imports leave free
IMPORT_MEMORY_BYTES = 12 * 1024**3  # address space of a process that reads what somebody brought
IMPORT_CPU_S = 12 * 3600  # its processor time: endless loops end, 1,250 patients do not
FINDING_PICTURES = 24  # findings of one check that get a picture
BROWSER_WHOLE_BYTES = 384 * 1024**2  # a larger volume's slices come and go in a browser, its other planes are halved
MAX_CHANNELS = 64  # sequences or colours in one file; a longer fourth axis is time
MAX_TEXT_HEADER_BYTES = 1024**2  # a header of lines of text: NRRD with its private fields
MAX_TEXT_VALUES = 2**22  # numbers written out as text in one file: a 160 x 160 x 160 volume
MAX_PICTURE_PIXELS = 64 * 1024**2  # of one PNG, JPEG, TIFF or BMP: 8192 x 8192
MAX_LOOK_ALIKES = 10_000  # pictures that are compared with each other, every one with every other

MAX_COCO_BYTES = 512 * 1024**2  # one annotation file: 100,000 images with a few outlines each
MAX_OUTLINE_STEPS = 1 << 24  # fifths of a pixel along one annotation's outlines: 3 million pixels

MAX_ARCHIVE_ENTRIES = 100_000  # files and folders of one archive; macOS adds a hidden twin to each
MAX_ARCHIVE_LIST_BYTES = 32 * 1024**2  # a zip's list of them
MAX_ARCHIVE_BYTES = 256 * 1024**3  # what one archive unpacks to
MAX_ARCHIVE_RATIO = 200  # unpacked bytes / packed bytes, once more than the next has been unpacked
ARCHIVE_RATIO_FROM_BYTES = 512 * 1024**2  # below this a mask of zeros may shrink a thousandfold
MAX_TAR_HEADER_BYTES = 1024**2  # an extended header of one file in a tar: its long name
MAX_DOWNLOAD_BYTES = 64 * 1024**3  # one public data set; BraTS 2021 has 13 GB

STUDY_KEPT_S = 24 * 3600.0  # a segmented study, its files and its masks; $SEGSCOPE_KEEP_HOURS says otherwise
MAX_STUDIES_WAITING = 100  # to be segmented
SEGMENTATION_S = 4 * 3600  # one study; a whole CT with every option takes minutes
MAX_FORM_FIELDS = 32  # of one request, besides its files
MAX_FORM_FIELD_BYTES = 64 * 1024  # one of them
API_REQUESTS_PER_S, API_REQUESTS_AT_ONCE = 50.0, 500  # with one token
API_STUDIES_PER_S, API_STUDIES_AT_ONCE = 1.0, 40  # of those, such as bring a study
API_STRANGERS_PER_S, API_STRANGERS_AT_ONCE = 10.0, 100  # of everybody without a token, together
