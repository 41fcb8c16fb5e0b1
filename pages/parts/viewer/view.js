/** The view as a value: how it opens, and what each gesture makes of it. Pure. */

import { AXIS, clampVoxel } from "./drawing/geometry.js";
import { BY_HAND } from "./drawing/window.js";

/** @import {Place} from "./page/address.js" */
/** @import {Layout, Placement} from "./drawing/geometry.js" */
/** @import {Plane, Triple, View, ViewerData} from "./types.js" */

const OPACITY = 0.45;
export const ZOOM = { least: 0.5, most: 24 };

/**
 * @param {ViewerData} data
 * @param {Place} place  from the page's address
 * @returns {View} the crosshair comes later, when a volume has said how large it is
 */
export function firstView(data, place) {
  const names = Object.keys(data.images);
  const { plane, image, window } = data.initial;
  const wanted = place.view?.image ?? image;
  const chosen = wanted !== null && names.includes(wanted) ? wanted : (names[0] ?? "");
  const range = place.window ?? window;
  return {
    plane,
    cursor: [0, 0, 0],
    image: chosen,
    windows: range ? { [chosen]: { name: BY_HAND, range } } : {},
    zoom: 1,
    centre: null,
    mode: "both",
    opacity: OPACITY,
    visible: data.regions.map(() => true),
    errorRegion: 0,
    map: null,
    mapOf: null,
    doubt: null,
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
    swipe: null,
    sought: null,
    soughtLeast: null,
    told: "area",
    tool: null,
    toolsOpen: data.tools_open,
    rulers: [],
    measure: null,
    ...place.view,
  };
}

/**
 * What goes on with the next case: how panels stand and what is sought, but nothing that is a place in this one.
 *
 * @param {View} view
 * @returns {Partial<View>}
 */
export function kept({ columns, layout, chosen, swipe, sought, soughtLeast, told, toolsOpen }) {
  return { columns, layout, chosen, swipe, sought, soughtLeast, told, toolsOpen };
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

/**
 * The crosshair moves on the screen, whichever way the voxels run.
 *
 * @param {View} view
 * @param {Layout} layout
 * @param {number} right  voxels
 * @param {number} down
 * @param {Triple} shape
 * @returns {Partial<View>}
 */
export function stepped(view, { u, v, uSign, vSign }, right, down, shape) {
  /** @type {Triple} */
  const cursor = [...view.cursor];
  cursor[u] += right * uSign;
  cursor[v] += down * vSign;
  return { cursor: clampVoxel(cursor, shape) };
}

/** @param {View} view @param {number} by  negative is fainter @returns {Partial<View>} */
export function fainter(view, by) {
  return { opacity: Math.min(1, Math.max(0, Math.round((view.opacity + by) * 100) / 100)) };
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
