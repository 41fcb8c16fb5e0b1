/**
 * The shapes that travel between the viewer's modules. No code.
 *
 * @typedef {"axial" | "coronal" | "sagittal"} Plane
 * @typedef {[number, number, number]} Triple  x, y, z
 *
 * @typedef {object} VolumeRef
 * @property {string} hash
 * @property {string} token
 * @property {string} kind  "ct" is in Hounsfield units; anything else has no scale that is known
 *
 * @typedef {object} Probabilities  what a model said, in 255ths: the same bytes that its scores come from
 * @property {VolumeRef[]} regions  one volume per region, in bit order
 * @property {number[]} thresholds  from 1 to 255: a voxel belongs to a region from this value on
 * @property {string} [why_not]  why no other threshold can be tried; empty where one can
 *
 * @typedef {object} SavedDoubts  how sure a model was, kept with its prediction, which is the mean of several opinions
 * @property {VolumeRef[]} entropy  of the mean: one volume per region, in bit order
 * @property {VolumeRef[]} disagreement  how far the opinions are apart
 * @property {string} between  what the opinions are
 * @property {number} bits  what a byte of 255 stands for
 *
 * @typedef {object} Region  in bit order of the mask volumes
 * @property {string} name
 * @property {string} title
 * @property {string} colour  as it is drawn
 * @property {string} strong  of the palette with more contrast; empty has none
 * @property {string} [standard]  what Python gave as colour
 *
 * @typedef {object} PanelSpec
 * @property {string} id  tells it from the other panels, also when they are moved or renamed
 * @property {string} title  `{image}` and `{region}` are replaced by what is chosen
 * @property {string} subtitle
 * @property {string | null} image  a key of `images`; null follows the control row
 * @property {string | null} mask  a key of `masks`
 * @property {string | null} error_against  a key of `masks`: draw where `mask` differs from it
 * @property {boolean} [map]  draw errors, agreement, disagreement or uncertainty, as it is chosen in the panel
 * @property {Plane | null} plane  null follows the control row
 * @property {[string, string][]} scores  region name and text
 * @property {string | null} [beside]  a key of `masks` that is drawn right of a divider, `mask` left of it
 *
 * @typedef {object} ViewerData  what Python sends
 * @property {string} base  path prefix of the server, without a slash at its end
 * @property {string} modules  path of the module folder
 * @property {string} subject  changes when another case is shown
 * @property {string} case_title
 * @property {Record<string, VolumeRef>} images
 * @property {Record<string, VolumeRef>} masks
 * @property {Record<string, Probabilities>} probabilities  by the name of the mask that they make; not all masks have them
 * @property {Record<string, SavedDoubts>} [uncertainty]  likewise, of predictions that are the mean of several
 * @property {string | null} reference  a key of `masks`
 * @property {PanelSpec[]} panels
 * @property {Region[]} regions
 * @property {Record<string, [number, number]>} windows
 * @property {{plane: Plane, slice: number | null, image: string | null, window: [number, number] | null, cursor?: Triple | null}} initial
 * @property {boolean} autoplay
 * @property {boolean} flicker
 * @property {boolean} controls
 * @property {boolean} tools  there is a row under the controls
 * @property {boolean} tools_open  and it is open from the start
 * @property {string} layout  what the panels as they are given are called
 * @property {boolean} strip
 * @property {boolean} crosshair
 * @property {number | null} height  of the panels together, in CSS pixels
 * @property {number | null} columns
 * @property {{word: string, labels: string[]} | null} stops  what a slice is called where it is not one, and each one's label
 * @property {Record<string, string> | null} address  ids for the URL; null leaves the URL alone
 * @property {boolean} report  whether the view goes back to Python when the hand rests
 *
 * @typedef {object} Manifest  protocol v1
 * @property {1} version
 * @property {"uint8" | "int8" | "uint16" | "int16"} dtype
 * @property {Triple} shape  of the stored box
 * @property {Triple} full_shape
 * @property {Triple} box_offset
 * @property {number[][] | null} affine
 * @property {number} slope
 * @property {number} intercept
 * @property {number} fill  stored value outside the box
 * @property {[number, number]} window  values, for a first look
 * @property {[number, number]} range  values
 * @property {Triple | null} peaks  per axis, the slice that holds most
 * @property {Slab[]} slabs  slices of the stored box
 * @property {{shape: Triple, slabs: Slab[], near_bytes: number} | null} half  of a volume that is too large for a
 *   browser: a copy of half the resolution, and how much of the full one may be kept
 * @property {Growing} [growing]  of a mask that is looked at while it is made; it has no slabs
 *
 * @typedef {object} Growing
 * @property {number[][]} parts  slices of the stored box that came together; later ones replace earlier ones
 * @property {number} slices  how many there will be
 * @property {boolean} ended  nothing more will come
 *
 * @typedef {{first: number, count: number}} Slab
 *
 * @typedef {"fill" | "both" | "outline"} OverlayMode
 * @typedef {"errors" | "agreement" | "disagreement" | "uncertainty"} MapKind
 * @typedef {"entropy" | "disagreement"} DoubtKind
 * @typedef {"compare" | "planes" | "sequences"} LayoutName
 *
 * @typedef {object} Columns  what the hand did to the panels
 * @property {string[]} order  of ids; the others follow as the page gave them
 * @property {string[]} hidden
 * @property {Record<string, string>} titles  that the hand gave
 *
 * @typedef {object} Swipe  two masks in one panel
 * @property {string} left  a key of `masks`
 * @property {string} right
 * @property {number} at  where the divider stands, 0 to 1 from the left
 *
 * @typedef {"lesion" | "error" | "largest error" | "disagreement" | "uncertain"} Sought
 *
 * @typedef {object} Chosen  a window that is not the automatic one
 * @property {string} name  of the preset
 * @property {[number, number]} range  values
 *
 * @typedef {object} Ruler
 * @property {Plane} plane
 * @property {Triple} from  voxel, not rounded; both ends lie on the slice
 * @property {Triple} to
 *
 * @typedef {object} Measured
 * @property {string} mask  a key of `masks`
 * @property {number} region
 * @property {boolean} drawn  whether the diameters are drawn
 *
 * @typedef {object} View  everything that the hand can change
 * @property {Plane} plane
 * @property {Triple} cursor  voxel under the crosshair
 * @property {string} image  key of `images`
 * @property {Record<string, Chosen | undefined>} windows  per image; missing is automatic
 * @property {number} zoom  1 fits the head
 * @property {Triple | null} centre  voxel in the middle of a panel; null is the middle of the head
 * @property {OverlayMode} mode
 * @property {number} opacity  of the fill, 0 to 1
 * @property {boolean[]} visible  per region
 * @property {number} errorRegion  index of the region whose errors are drawn
 * @property {MapKind | null} map  what the map panel shows; null is the first that the case allows
 * @property {string | null} mapOf  mask that the map is of; null is as the panel says
 * @property {DoubtKind | null} doubt  which saved map of uncertainty is drawn; null is the first that there is
 * @property {boolean} radiological
 * @property {boolean} overlayOff  flicker's dark half
 * @property {boolean} flickering
 * @property {boolean} playing
 * @property {boolean} help
 * @property {LayoutName} layout
 * @property {Columns} columns
 * @property {string | null} chosen  id of the panel that tools for one model work on; null is the first with a mask
 * @property {string | null} against  model whose agreement with another is drawn; null is the first other one
 * @property {Record<string, number[]>} thresholds  per mask; missing is the model's own
 * @property {Swipe | null} swipe
 * @property {Sought | null} sought  what the keys N and P go to; null is as the page suggests
 * @property {number | null} soughtLeast  ml of an error that is gone to, voxels without geometry; null is the default
 * @property {"area" | "error"} told  what the strip says of each model
 * @property {string | null} tool  name of what a drag does instead of moving the crosshair
 * @property {boolean} toolsOpen  the row of tools
 * @property {Ruler[]} rulers
 * @property {Measured | null} measure  null until something was measured
 */

export {};
