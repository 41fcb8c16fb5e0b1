/** The panels as one picture, drawn again at any resolution: images, masks, letters, words, and what they mean. */

import { AXIS, PLANES } from "../drawing/geometry.js";
import { capital } from "../around/dom.js";
import { short } from "../around/numbers.js";

/** @import {Panel, Scene} from "../drawing/panel.js" */
/** @import {Canvas} from "../drawing/paint.js" */
/** @import {View} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

const MARGIN = 12;
const LINE = 20;
const SWATCH = 10;
/** What a hand works with, but for a title, and what lies under the pointer. */
const NOT_DRAWN = "button:not(.caption, .caption button), select, input";

/** @typedef {{text: string, colour: string | null}} Part  of the lines below; a colour is drawn as a swatch */

/**
 * @param {Viewer} viewer
 * @param {number} scale  device pixels per CSS pixel
 * @param {{view?: View, canvas?: HTMLCanvasElement}} [options]  another view than the present one; a canvas to draw on
 * @returns {HTMLCanvasElement | null} null until something can be drawn
 */
export function composed(viewer, scale, { view = viewer.view, canvas = document.createElement("canvas") } = {}) {
  const kept = viewer.view;
  viewer.view = view;
  try {
    const scene = viewer.sources.scene();
    return scene && compose(viewer, scene, scale, canvas);
  } finally {
    viewer.view = kept;
  }
}

/**
 * @param {Viewer} viewer
 * @param {Scene} scene
 * @param {number} scale
 * @param {HTMLCanvasElement} canvas
 */
function compose(viewer, scene, scale, canvas) {
  const places = viewer.panels.map((panel) => ({ panel, ...placeOf(viewer, panel) }));
  const width = Math.max(...places.map(({ x, panel }) => x + panel.canvas.width));
  const height = Math.max(...places.map(({ y, panel }) => y + panel.canvas.height));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  const style = getComputedStyle(viewer.host);
  context.font = `12.5px ${style.fontFamily}`;
  const lines = wrapped(context, partsOf(viewer, scene), width - 2 * MARGIN);
  // encoders of films want even numbers
  const even = (/** @type {number} */ length) => 2 * Math.ceil((length * scale) / 2);
  canvas.width = even(width);
  canvas.height = even(height + 2 * MARGIN + lines.length * LINE);
  context.fillStyle = style.getPropertyValue("--page").trim() || "#0d1014";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const { panel, x, y } of places) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(drawnAgain(viewer, panel, scene, scale), Math.round(x * scale), Math.round(y * scale));
    context.setTransform(scale, 0, 0, scale, x * scale, y * scale);
    paintWords(context, panel);
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.font = `12.5px ${style.fontFamily}`;
  paintLines(context, lines, height + MARGIN, style.color);
  return canvas;
}

/** @param {Viewer} viewer @param {Panel} panel @returns {{x: number, y: number}} CSS pixels from the grid's corner */
function placeOf({ furniture }, panel) {
  const grid = furniture.grid.getBoundingClientRect();
  const { left, top, width } = panel.surface.getBoundingClientRect();
  const zoom = panel.canvas.width / (width || 1);
  return { x: (left - grid.left) * zoom, y: (top - grid.top) * zoom };
}

/** Canvases to draw panels on, by their size: a film needs them again and again. @type {Map<string, [Canvas, Canvas]>} */
const desks = new Map();

/**
 * @param {number} width  CSS pixels
 * @param {number} height
 * @param {number} ratio
 * @returns {[Canvas, Canvas]} one to draw on, and a sheet of the same size
 */
function deskOf(width, height, ratio) {
  const key = `${width} ${height} ${ratio}`;
  let desk = desks.get(key);
  if (!desk) {
    const make = (/** @type {boolean} */ alpha) => {
      const surface = document.createElement("canvas");
      surface.width = Math.round(width * ratio);
      surface.height = Math.round(height * ratio);
      const context = /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d", { alpha }));
      return { context, width, height, ratio };
    };
    desk = [make(false), make(true)];
    desks.clear();
    desks.set(key, desk);
  }
  return desk;
}

/**
 * @param {Viewer} viewer
 * @param {Panel} panel
 * @param {Scene} scene
 * @param {number} scale
 */
function drawnAgain(viewer, panel, scene, scale) {
  const kept = panel.canvas;
  const [canvas, sheet] = deskOf(kept.width, kept.height, scale);
  panel.canvas = canvas;
  try {
    const placement = panel.draw({ ...scene, sheet });
    for (const tool of viewer.tools) tool.paint?.(panel, { ...scene, sheet }, placement);
  } finally {
    panel.canvas = kept;
  }
  return canvas.context.canvas;
}

/**
 * The words over a panel and what their colours mean, each where it stands on the page.
 *
 * @param {CanvasRenderingContext2D} context  in the panel's CSS pixels
 * @param {Panel} panel
 */
function paintWords(context, panel) {
  const corner = panel.surface.getBoundingClientRect();
  const zoom = panel.canvas.width / (corner.width || 1);
  for (const swatch of panel.element.querySelectorAll("i")) {
    const at = swatch.getBoundingClientRect();
    if (swatch.closest(NOT_DRAWN) || !at.width) continue;
    const left = (at.left - corner.left) * zoom;
    const { backgroundColor, backgroundImage } = getComputedStyle(swatch);
    const stops = backgroundImage.match(/rgba?\([^)]*\)/g) ?? [backgroundColor, backgroundColor];
    const gradient = context.createLinearGradient(left, 0, left + at.width * zoom, 0);
    stops.forEach((colour, index) => gradient.addColorStop(index / (stops.length - 1 || 1), colour));
    context.fillStyle = gradient;
    context.fillRect(left, (at.top - corner.top) * zoom, at.width * zoom, at.height * zoom);
  }
  const range = document.createRange();
  const walker = document.createTreeWalker(panel.element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = /** @type {HTMLElement} */ (node.parentElement);
    if (holder.closest(NOT_DRAWN) || !holder.getClientRects().length) continue;
    const { fontWeight, fontSize, fontFamily, color, visibility } = getComputedStyle(holder);
    if (visibility !== "visible") continue;
    const box = (holder.closest(".caption") ?? panel.surface).getBoundingClientRect();
    context.save();
    context.beginPath();
    context.rect((box.left - corner.left) * zoom, (box.top - corner.top) * zoom, box.width * zoom, box.height * zoom);
    context.clip();
    // the shorthand is empty where figures are tabular
    context.font = `${fontWeight} ${fontSize} ${fontFamily}`;
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    for (const { index, 0: word } of (node.textContent ?? "").matchAll(/\S+/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const at = range.getBoundingClientRect();
      if (!at.width) continue;
      const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = context.measureText(word);
      const y = (at.top - corner.top + at.height / 2) * zoom + (ascent - descent) / 2;
      haloed(context, word, (at.left - corner.left) * zoom, y, color);
    }
    context.restore();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} colour
 */
function haloed(context, text, x, y, colour) {
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** What stands below the panels: where this is, how it is seen, the regions' colours; maps say theirs. @param {Viewer} viewer @param {Scene} scene */
function partsOf({ data, panels }, scene) {
  const { view, shape, affine, regions } = scene;
  const planes = PLANES.filter((plane) => panels.some((panel) => panel.planeIn(view) === plane));
  const word = data.stops?.word ?? "slice";
  const where = planes.map((plane) => {
    const [slice, count] = [view.cursor[AXIS[plane]], shape[AXIS[plane]]];
    const label = data.stops?.labels[slice];
    return `${data.stops ? capital(word) : `${capital(plane)} ${word}`} ${slice + 1} of ${count}${label ? `, ${label}` : ""}`;
  });
  const images = [...new Set(panels.map((panel) => panel.imageIn(view)))].filter((name) => scene.image(name));
  const windows = images.map((name) => `${name} ${scene.range(name).map(short).join(" – ")}`);
  /** @type {Part[]} */
  const parts = [data.case_title, ...where, ...windows].map((text) => ({ text, colour: null }));
  if (affine) parts.push({ text: view.radiological ? "Radiological: right is left" : "Neurological: right is right", colour: null });
  const masked = panels.some((panel) => panel.spec.mask !== null && panel.spec.error_against === null);
  if (masked && !view.overlayOff) {
    for (const { title, colour } of regions.filter((_, index) => view.visible[index])) parts.push({ text: capital(title), colour });
  }
  return parts;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Part[]} parts
 * @param {number} width
 * @returns {(Part & {x: number})[][]} lines
 */
function wrapped(context, parts, width) {
  /** @type {(Part & {x: number})[][]} */
  const lines = [[]];
  let x = 0;
  for (const part of parts) {
    const wide = (part.colour ? SWATCH + 6 : 0) + context.measureText(part.text).width;
    if (x && x + wide > width) {
      lines.push([]);
      x = 0;
    }
    lines[lines.length - 1].push({ ...part, x: MARGIN + x });
    x += wide + 18;
  }
  return lines;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {(Part & {x: number})[][]} lines
 * @param {number} top
 * @param {string} colour  of the words
 */
function paintLines(context, lines, top, colour) {
  context.textAlign = "left";
  context.textBaseline = "middle";
  lines.forEach((line, row) => {
    const y = top + (row + 0.5) * LINE;
    for (const part of line) {
      if (part.colour) {
        context.fillStyle = part.colour;
        context.fillRect(part.x, y - SWATCH / 2, SWATCH, SWATCH);
      }
      context.fillStyle = colour;
      context.fillText(part.text, part.x + (part.colour ? SWATCH + 6 : 0), y);
    }
  });
}
