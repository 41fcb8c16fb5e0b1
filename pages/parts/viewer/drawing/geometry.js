/** Planes, orientation and the way between voxels and the screen. Pure. */

/** @import {Manifest, Plane, Triple} from "../types.js" */

/** @type {Record<Plane, 0 | 1 | 2>} */
export const AXIS = { sagittal: 0, coronal: 1, axial: 2 };

/** @type {Plane[]} */
export const PLANES = ["axial", "coronal", "sagittal"];

/**
 * How a plane lies on the screen.
 *
 * @typedef {object} Layout
 * @property {0 | 1 | 2} axis  the axis that is scrolled
 * @property {0 | 1 | 2} u  voxel axis along the screen's width
 * @property {0 | 1 | 2} v  voxel axis along the screen's height
 * @property {1 | -1} uSign  1 where the voxel index grows to the right
 * @property {1 | -1} vSign  1 where the voxel index grows downwards
 * @property {{left: string, right: string, top: string, bottom: string} | null} letters
 */

/**
 * Radiological: the patient's right is on the left of the screen. Sagittal: the front is on the left in both.
 * Without geometry the voxels are drawn as they are stored, x to the right and the other axis down.
 *
 * @param {Plane} plane
 * @param {boolean} hasGeometry
 * @param {boolean} radiological
 * @returns {Layout}
 */
export function layoutOf(plane, hasGeometry, radiological) {
  const axis = AXIS[plane];
  const u = axis === 0 ? 1 : 0;
  const v = axis === 2 ? 1 : 2;
  if (!hasGeometry) return { axis, u, v, uSign: 1, vSign: 1, letters: null };
  const [top, bottom] = plane === "axial" ? ["A", "P"] : ["S", "I"];
  if (plane === "sagittal") {
    return { axis, u, v, uSign: -1, vSign: -1, letters: { left: "A", right: "P", top, bottom } };
  }
  const [left, right] = radiological ? ["R", "L"] : ["L", "R"];
  return { axis, u, v, uSign: radiological ? -1 : 1, vSign: -1, letters: { left, right, top, bottom } };
}

/**
 * Edge lengths of a voxel in mm: the column norms of the affine; 1 without geometry.
 *
 * @param {number[][] | null} affine
 * @returns {Triple}
 */
export function spacingOf(affine) {
  if (!affine) return [1, 1, 1];
  const norm = (/** @type {number} */ column) => Math.hypot(affine[0][column], affine[1][column], affine[2][column]);
  return [norm(0), norm(1), norm(2)];
}

/**
 * Millimetres of a voxel in RAS+.
 *
 * @param {number[][]} affine
 * @param {Triple} voxel
 * @returns {Triple}
 */
export function toMillimetres(affine, voxel) {
  const row = (/** @type {number} */ r) =>
    affine[r][0] * voxel[0] + affine[r][1] * voxel[1] + affine[r][2] * voxel[2] + affine[r][3];
  return [row(0), row(1), row(2)];
}

/**
 * The way between voxels of one slice and CSS pixels of one panel: pixel = origin + step * voxel, where whole
 * numbers are voxel centres.
 *
 * @typedef {object} Placement
 * @property {Layout} layout
 * @property {number} uStep  pixels per voxel, signed
 * @property {number} vStep
 * @property {number} uOrigin  where the centre of voxel 0 lies
 * @property {number} vOrigin
 * @property {number} pixelsPerMm
 */

/** Room for the title above and the letters at the sides, in CSS pixels. */
const MARGIN = { left: 26, right: 26, top: 30, bottom: 14 };

/**
 * @param {number} width  of a panel in CSS pixels
 * @param {number} height
 * @returns {{wide: number, high: number, small: number}} what zoom 1 fits the head into; the margins shrink with small
 */
export function roomIn(width, height) {
  const small = Math.min(1, Math.min(width, height) / 220);
  return {
    wide: Math.max(16, width - (MARGIN.left + MARGIN.right) * small),
    high: Math.max(16, height - (MARGIN.top + MARGIN.bottom) * small),
    small,
  };
}

/**
 * @param {object} scene
 * @param {Layout} scene.layout
 * @param {Triple} scene.spacing  mm
 * @param {{start: Triple, stop: Triple}} scene.box  what zoom 1 fits, half-open, in voxels
 * @param {number} scene.width  of the panel in CSS pixels
 * @param {number} scene.height
 * @param {number} scene.zoom
 * @param {Triple | null} scene.centre
 * @returns {Placement}
 */
export function place({ layout, spacing, box, width, height, zoom, centre }) {
  const { u, v } = layout;
  const { wide, high, small } = roomIn(width, height);
  const extent = (/** @type {0 | 1 | 2} */ axis) => Math.max(1, box.stop[axis] - box.start[axis]) * spacing[axis];
  const pixelsPerMm = Math.min(wide / extent(u), high / extent(v)) * zoom;
  const middle = (/** @type {0 | 1 | 2} */ axis) =>
    centre ? centre[axis] : (box.start[axis] + box.stop[axis] - 1) / 2;
  const uStep = layout.uSign * spacing[u] * pixelsPerMm;
  const vStep = layout.vSign * spacing[v] * pixelsPerMm;
  return {
    layout,
    uStep,
    vStep,
    uOrigin: width / 2 - uStep * middle(u),
    vOrigin: (height + (MARGIN.top - MARGIN.bottom) * small) / 2 - vStep * middle(v),
    pixelsPerMm,
  };
}

/**
 * @param {Placement} placement
 * @param {Triple} voxel
 * @returns {[number, number]} CSS pixels
 */
export function toScreen(placement, voxel) {
  const { layout, uStep, vStep, uOrigin, vOrigin } = placement;
  return [uOrigin + uStep * voxel[layout.u], vOrigin + vStep * voxel[layout.v]];
}

/**
 * @param {Placement} placement
 * @param {number} x  CSS pixels
 * @param {number} y
 * @param {Triple} at  gives the coordinate along the scrolled axis
 * @returns {Triple} voxel, not rounded
 */
export function toVoxel(placement, x, y, at) {
  const { layout, uStep, vStep, uOrigin, vOrigin } = placement;
  /** @type {Triple} */
  const voxel = [at[0], at[1], at[2]];
  voxel[layout.u] = (x - uOrigin) / uStep;
  voxel[layout.v] = (y - vOrigin) / vStep;
  return voxel;
}

/**
 * @param {Triple} voxel
 * @param {Triple} shape
 * @returns {Triple} the nearest voxel of the grid
 */
export function clampVoxel(voxel, shape) {
  const clamp = (/** @type {0 | 1 | 2} */ axis) => Math.min(shape[axis] - 1, Math.max(0, Math.round(voxel[axis])));
  return [clamp(0), clamp(1), clamp(2)];
}

/**
 * The smallest box that holds the stored boxes of all volumes; the whole grid where none has one.
 *
 * @param {Manifest[]} manifests
 * @param {Triple} shape
 * @returns {{start: Triple, stop: Triple}}
 */
export function unionBox(manifests, shape) {
  const filled = manifests.filter((manifest) => manifest.shape[0] > 0);
  if (!filled.length) return { start: [0, 0, 0], stop: [...shape] };
  const start = (/** @type {0 | 1 | 2} */ axis) => Math.min(...filled.map((m) => m.box_offset[axis]));
  const stop = (/** @type {0 | 1 | 2} */ axis) => Math.max(...filled.map((m) => m.box_offset[axis] + m.shape[axis]));
  return { start: [start(0), start(1), start(2)], stop: [stop(0), stop(1), stop(2)] };
}

/** Lengths that a scale bar may have, in mm. */
const BAR_MM = [0.5, 1, 2, 5, 10, 20, 50, 100, 200];

/**
 * @param {number} pixelsPerMm
 * @param {number} width  of the panel
 * @returns {{mm: number, pixels: number}} the longest bar that takes at most a third of the width, and 120 pixels
 */
export function scaleBar(pixelsPerMm, width) {
  const fitting = BAR_MM.filter((mm) => mm * pixelsPerMm <= Math.min(120, width / 3));
  const mm = fitting.length ? fitting[fitting.length - 1] : BAR_MM[0];
  return { mm, pixels: mm * pixelsPerMm };
}
