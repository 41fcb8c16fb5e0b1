/**
 * The shapes that travel between the viewer's modules. No code.
 *
 * @typedef {"axial" | "coronal" | "sagittal"} Plane
 * @typedef {[number, number, number]} Triple  x, y, z
 *
 * @typedef {object} VolumeRef
 * @property {string} hash
 * @property {string} token
 *
 * @typedef {object} Probabilities  what a model said, in 255ths: the same bytes that its scores come from
 * @property {VolumeRef[]} regions  one volume per region, in bit order
 * @property {number[]} thresholds  from 1 to 255: a voxel belongs to a region from this value on
 *
 * @typedef {object} Region  in bit order of the mask volumes
 * @property {string} name
 * @property {string} title
 * @property {string} colour
 *
 * @typedef {object} PanelSpec
 * @property {string} id  tells it from the other panels, also when they are moved or renamed
 * @property {string} title  `{image}` and `{region}` are replaced by what is chosen
 * @property {string} subtitle
 * @property {string | null} image  a key of `images`; null follows the control row
 * @property {string | null} mask  a key of `masks`
 * @property {string | null} error_against  a key of `masks`: draw where `mask` differs from it
 * @property {Plane | null} plane  null follows the control row
 * @property {[string, string][]} scores  region name and text
 *
 * @typedef {object} ViewerData  what Python sends
 * @property {string} base  path prefix of the server, without a slash at its end
 * @property {string} modules  path of the module folder
 * @property {string[]} preload  the modules' names
 * @property {string} subject  changes when another case is shown
 * @property {string} case_title
 * @property {Record<string, VolumeRef>} images
 * @property {Record<string, VolumeRef>} masks
 * @property {Record<string, Probabilities>} probabilities  by the name of the mask that they make; not all masks have them
 * @property {string | null} reference  a key of `masks`
 * @property {PanelSpec[]} panels
 * @property {Region[]} regions
 * @property {Record<string, [number, number]>} windows
 * @property {{plane: Plane, slice: number | null, image: string | null, window: [number, number] | null}} initial
 * @property {boolean} autoplay
 * @property {boolean} flicker
 * @property {boolean} controls
 * @property {boolean} tools  the row under the controls
 * @property {boolean} strip
 * @property {boolean} crosshair
 * @property {number | null} height  of the panels together, in CSS pixels
 * @property {number | null} columns
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
 *
 * @typedef {{first: number, count: number}} Slab
 *
 * @typedef {"fill" | "both" | "outline"} OverlayMode
 * @typedef {"compare" | "planes" | "sequences"} LayoutName
 *
 * @typedef {object} Columns  what the hand did to the panels
 * @property {string[]} order  of ids; the others follow as the page gave them
 * @property {string[]} hidden
 * @property {Record<string, string>} titles  that the hand gave
 *
 * @typedef {object} Chosen  a window that is not the automatic one
 * @property {string} name  of the preset
 * @property {[number, number]} range  values
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
 * @property {boolean} radiological
 * @property {boolean} overlayOff  flicker's dark half
 * @property {boolean} flickering
 * @property {boolean} playing
 * @property {boolean} help
 * @property {LayoutName} layout
 * @property {Columns} columns
 * @property {string | null} chosen  id of the panel that tools for one model work on; null is the first with a mask
 * @property {string | null} against  mask that errors are drawn against; null is as each panel says
 * @property {Record<string, number[]>} thresholds  per mask; missing is the model's own
 * @property {string | null} tool  name of what a drag does instead of moving the crosshair
 * @property {boolean} toolsOpen  the row of tools
 */

export {};
