/** The view as a value: how it opens, and what each gesture makes of it. Pure. */

import { AXIS, clampVoxel } from "./drawing/geometry.js";
import { BY_HAND } from "./drawing/window.js";

/** @import {Place} from "./page/address.js" */
/** @import {Placement} from "./drawing/geometry.js" */
/** @import {Plane, Triple, View, ViewerData} from "./types.js" */

const OPACITY = 0.45;
const ZOOM = { least: 0.5, most: 24 };

/**
 * @param {ViewerData} data
 * @param {Place} place  from the page's address
 * @returns {View} the crosshair comes later, when a volume has said how large it is
 */
export function firstView(data, place) {
  const names = Object.keys(data.images);
  const { plane, image, window } = data.initial;
  const chosen = image !== null && names.includes(image) ? image : (names[0] ?? "");
  const range = place.window ?? window;
  return {
    plane: place.plane ?? plane,
    cursor: [0, 0, 0],
    image: chosen,
    windows: range ? { [chosen]: { name: BY_HAND, range } } : {},
    zoom: 1,
    centre: null,
    mode: "both",
    opacity: OPACITY,
    visible: data.regions.map(() => true),
    errorRegion: 0,
    radiological: true,
    overlayOff: false,
    flickering: false,
    playing: false,
    help: false,
    layout: "compare",
    columns: { order: [], hidden: [], titles: {} },
    chosen: null,
    against: null,
    thresholds: {},
    tool: null,
    toolsOpen: data.tools,
  };
}

/**
 * @param {View} view
 * @param {Plane} plane
 * @param {number} slice
 * @param {Triple} shape
 * @returns {Partial<View>}
 */
export function toSlice(view, plane, slice, shape) {
  /** @type {Triple} */
  const cursor = [...view.cursor];
  cursor[AXIS[plane]] = slice;
  return { cursor: clampVoxel(cursor, shape) };
}

/**
 * @param {View} view
 * @param {Placement} placement
 * @param {Triple} middle  voxel that lies in the middle now
 * @param {Triple} pinned  voxel that stays where it is
 * @param {number} factor
 * @returns {Partial<View>}
 */
export function zoomed(view, placement, middle, pinned, factor) {
  const zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, view.zoom * factor));
  const share = view.zoom / zoom;
  const { u, v } = placement.layout;
  /** @type {Triple} */
  const centre = [...middle];
  for (const axis of [u, v]) centre[axis] = pinned[axis] - (pinned[axis] - middle[axis]) * share;
  return { zoom, centre };
}

/**
 * @param {Placement} placement
 * @param {Triple} middle
 * @param {number} dx  CSS pixels
 * @param {number} dy
 * @returns {Partial<View>}
 */
export function panned(placement, middle, dx, dy) {
  /** @type {Triple} */
  const centre = [...middle];
  centre[placement.layout.u] -= dx / placement.uStep;
  centre[placement.layout.v] -= dy / placement.vStep;
  return { centre };
}

/**
 * Sideways wider, down darker; a panel's width is about the whole automatic window.
 *
 * @param {[number, number]} range
 * @param {[number, number]} automatic
 * @param {number} dx  CSS pixels
 * @param {number} dy
 * @returns {[number, number]}
 */
export function rewindowed([low, high], automatic, dx, dy) {
  const perPixel = (automatic[1] - automatic[0]) / 300 || 1;
  const level = (low + high) / 2 + dy * perPixel;
  const width = Math.max(perPixel, high - low + dx * perPixel);
  return [level - width / 2, level + width / 2];
}

/** @param {View} view @returns {Partial<View>} */
export function nextMode(view) {
  const modes = /** @type {const} */ (["fill", "both", "outline"]);
  return { mode: modes[(modes.indexOf(view.mode) + 1) % modes.length] };
}

/** @param {View} view @param {number} region @returns {Partial<View>} */
export function toggled(view, region) {
  return { visible: view.visible.map((on, index) => (index === region ? !on : on)) };
}

/** @param {View} view @returns {Partial<View>} */
export function reset(view) {
  const visible = view.visible.map(() => true);
  return { zoom: 1, centre: null, windows: {}, mode: "both", opacity: OPACITY, visible, overlayOff: false };
}

/**
 * @param {number} slice
 * @param {1 | -1} direction
 * @param {ArrayLike<number>} counts  per slice
 * @returns {number | null} the nearest slice in that direction that has any
 */
export function nextSlice(slice, direction, counts) {
  for (let at = slice + direction; at >= 0 && at < counts.length; at += direction) if (counts[at] > 0) return at;
  return null;
}
