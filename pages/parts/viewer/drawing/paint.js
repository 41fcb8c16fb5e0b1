/** What one panel's canvas shows: the grey slice, masks or errors over it, crosshair. */

import { AXIS, toScreen } from "./geometry.js";
import { EXTRA, MISSED, RIGHT } from "./masks.js";

/** @import {Placement} from "./geometry.js" */
/** @import {Outline} from "./masks.js" */
/** @import {Slice} from "./slices.js" */
/** @import {Triple, View} from "../types.js" */

/** Safe for colour-blind readers on grey. */
export const ERROR_COLOURS = { extra: "#d55e00", missed: "#cc79a7", right: "#aab4c0" };
const ACCENT = "#5aa9d6";
/** From this size of a voxel on screen (CSS pixels) masks follow its edges, since one can see them. */
export const EXACT_FROM = 8;

/**
 * @typedef {object} Canvas
 * @property {CanvasRenderingContext2D} context
 * @property {number} width  CSS pixels
 * @property {number} height
 * @property {number} ratio  device pixels per CSS pixel
 */

/** @param {Canvas} canvas */
export function clear({ context, width, height, ratio }) {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.globalAlpha = 1;
  context.globalCompositeOperation = "source-over";
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
}

/**
 * @param {Canvas} canvas
 * @param {Placement} placement
 * @param {Slice} slice
 * @param {boolean} dim  leaves room for errors
 * @param {boolean} [exact]  every voxel as it is, without a way to its neighbours
 */
export function paintSlice({ context, ratio }, placement, slice, dim, exact = false) {
  const { uStep, vStep } = placement;
  context.save();
  context.globalAlpha = dim ? 0.55 : 1;
  // Enlarged, "low" is linear and exact at voxel centres; "high" would take a fifth of a one-voxel lesion's contrast.
  const shrunk = Math.min(Math.abs(uStep), Math.abs(vStep)) * ratio < 1;
  context.imageSmoothingEnabled = shrunk || !exact;
  context.imageSmoothingQuality = shrunk ? "high" : "low";
  const [x, y] = corner(placement, slice.uStart, slice.vStart);
  context.setTransform(uStep * slice.step * ratio, 0, 0, vStep * slice.step * ratio, x * ratio, y * ratio);
  context.drawImage(slice.canvas, 0, 0);
  context.restore();
}

/**
 * Fills are painted opaque on a sheet of their own, the innermost region last, and laid over the image together:
 * where regions overlap the innermost one's colour is seen, and no seam shows between them.
 *
 * @param {Canvas} canvas
 * @param {Canvas} sheet  of the same size
 * @param {Placement} placement
 * @param {{outline: Outline, colour: string}[]} layers  outermost first
 * @param {Pick<View, "mode" | "opacity">} view
 */
export function paintMasks(canvas, sheet, placement, layers, { mode, opacity }) {
  if (!layers.length) return;
  const paths = layers.map(({ outline, colour }) => ({ path: onScreen(placement, outline), colour }));
  if (mode !== "outline") paintFills(canvas, sheet, paths, opacity);
  if (mode === "fill") return;
  const { context } = canvas;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  for (const { path, colour } of paths) {
    context.strokeStyle = colour;
    context.stroke(path);
  }
}

/**
 * @param {Canvas} canvas
 * @param {Canvas} sheet
 * @param {Placement} placement
 * @param {(bit: number) => Outline | null} outlineOf
 * @param {{extra: string, missed: string, right: string}} colours
 */
export function paintErrors(canvas, sheet, placement, outlineOf, colours) {
  const kinds = [
    { bit: RIGHT, colour: colours.right, opacity: 0.32 },
    { bit: EXTRA, colour: colours.extra, opacity: 0.95 },
    { bit: MISSED, colour: colours.missed, opacity: 0.95 },
  ];
  for (const { bit, colour, opacity } of kinds) {
    const outline = outlineOf(bit);
    if (outline) paintFills(canvas, sheet, [{ path: onScreen(placement, outline), colour }], opacity);
  }
}

/**
 * @param {Canvas} canvas
 * @param {Canvas} sheet
 * @param {{path: Path2D, colour: string}[]} paths
 * @param {number} opacity
 */
function paintFills(canvas, sheet, paths, opacity) {
  if (paths.length === 1) {
    canvas.context.globalAlpha = opacity;
    canvas.context.fillStyle = paths[0].colour;
    canvas.context.fill(paths[0].path, "evenodd");
    canvas.context.globalAlpha = 1;
    return;
  }
  const { context, width, height, ratio } = sheet;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  for (const { path, colour } of paths) {
    context.fillStyle = colour;
    context.fill(path, "evenodd");
  }
  canvas.context.globalAlpha = opacity;
  canvas.context.drawImage(context.canvas, 0, 0, width, height);
  canvas.context.globalAlpha = 1;
}

/**
 * @param {Canvas} canvas
 * @param {Placement} placement
 * @param {Triple} cursor
 */
export function paintCrosshair({ context, width, height }, placement, cursor) {
  const [x, y] = toScreen(placement, cursor).map((at) => Math.round(at) + 0.5);
  context.strokeStyle = ACCENT;
  context.globalAlpha = 0.6;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height);
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
  context.globalAlpha = 1;
}

/**
 * @param {Placement} placement
 * @param {Outline} outline
 * @returns {Path2D} in CSS pixels
 */
function onScreen(placement, { path, uStart, vStart }) {
  const [x, y] = corner(placement, uStart, vStart);
  const placed = new Path2D();
  placed.addPath(path, new DOMMatrix([placement.uStep, 0, 0, placement.vStep, x, y]));
  return placed;
}

/**
 * Where the outer corner of voxel (u, v) lies: half a voxel before its centre.
 *
 * @param {Placement} placement
 * @param {number} u
 * @param {number} v
 * @returns {[number, number]}
 */
function corner({ uOrigin, vOrigin, uStep, vStep }, u, v) {
  return [uOrigin + (u - 0.5) * uStep, vOrigin + (v - 0.5) * vStep];
}

/**
 * @param {Canvas} canvas
 * @param {Placement} placement
 * @param {Triple} shape  of the full grid
 * @param {string} colour  of what lies outside the stored box
 */
export function paintGround({ context }, placement, shape, colour) {
  const { layout, uStep, vStep } = placement;
  const [x, y] = corner(placement, 0, 0);
  context.fillStyle = colour;
  context.fillRect(x, y, uStep * shape[layout.u], vStep * shape[layout.v]);
}

/** @param {View} view @param {View["plane"]} plane */
export function sliceOf(view, plane) {
  return view.cursor[AXIS[plane]];
}
