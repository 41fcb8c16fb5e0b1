/** Words on an image: orientation letters, scale bar, notes. */

import { scaleBar } from "./geometry.js";

/** @import {Placement} from "./geometry.js" */
/** @import {Canvas} from "./paint.js" */

const SECONDARY = "#8d98a6";
const BAR = "#c5cdd6";
const FAMILY = "system-ui, sans-serif";
/** Around a word, for its dark edge. */
const EDGE = 3;
/** Words that are kept as pictures. */
const MOST = 64;

/** @typedef {{canvas: HTMLCanvasElement, width: number, height: number}} Word  size in CSS pixels */

/** Setting type costs more than everything else in a frame: a word is set once. @type {Map<string, Word>} */
const words = new Map();

/**
 * @param {Canvas} canvas
 * @param {Placement} placement
 */
export function paintLetters(canvas, { layout }) {
  const { width, height } = canvas;
  const { letters } = layout;
  if (!letters || Math.min(width, height) < 120) return;
  write(canvas, letters.left, 12, SECONDARY, 9, height / 2, 0);
  write(canvas, letters.right, 12, SECONDARY, width - 9, height / 2, 1);
  // in a narrow panel the caption needs the place
  if (width < 440) return;
  write(canvas, letters.top, 12, SECONDARY, width / 2, 14, 0.5);
  write(canvas, letters.bottom, 12, SECONDARY, width / 2, height - 10, 0.5);
}

/**
 * Says that a plane of a very large volume is drawn from its copy of half the resolution.
 *
 * @param {Canvas} canvas
 */
export function paintHalf(canvas) {
  write(canvas, "half resolution", 11, SECONDARY, 10, canvas.height - 34, 0);
}

/**
 * @param {Canvas} canvas
 * @param {number} pixelsPerMm
 */
export function paintScaleBar(canvas, pixelsPerMm) {
  const { context, width, height } = canvas;
  if (Math.min(width, height) < 160) return;
  const { mm, pixels } = scaleBar(pixelsPerMm, width);
  const right = Math.round(width - 12) + 0.5;
  const left = Math.round(width - 12 - pixels) + 0.5;
  const y = Math.round(height - 26) + 0.5;
  context.lineWidth = 1;
  context.strokeStyle = BAR;
  context.beginPath();
  context.moveTo(left, y - 3);
  context.lineTo(left, y);
  context.lineTo(right, y);
  context.lineTo(right, y - 3);
  context.stroke();
  write(canvas, `${mm} mm`, 11, BAR, (left + right) / 2, y + 10, 0.5);
}

/**
 * Letters that stay legible over a bright image.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} colour
 */
export function readable(context, text, x, y, colour) {
  context.lineJoin = "round";
  context.lineWidth = EDGE;
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/**
 * @param {Canvas} canvas
 * @param {string} text
 * @param {number} size  CSS pixels
 * @param {string} colour
 * @param {number} x
 * @param {number} y  of its middle
 * @param {0 | 0.5 | 1} share  of the word that lies before x
 */
function write({ context, ratio }, text, size, colour, x, y, share) {
  const word = setWord(text, size, colour, ratio);
  const left = x - EDGE - share * (word.width - 2 * EDGE);
  // on whole device pixels a word stays as sharp as it was set
  const snap = (/** @type {number} */ at) => Math.round(at * ratio) / ratio;
  context.drawImage(word.canvas, snap(left), snap(y - word.height / 2), word.width, word.height);
}

/**
 * @param {string} text
 * @param {number} size
 * @param {string} colour
 * @param {number} ratio
 * @returns {Word}
 */
function setWord(text, size, colour, ratio) {
  const key = `${text} ${size} ${colour} ${ratio}`;
  let word = words.get(key);
  if (word) return word;
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.font = `${size}px ${FAMILY}`;
  canvas.width = Math.ceil((context.measureText(text).width + 2 * EDGE) * ratio);
  canvas.height = Math.ceil((size * 1.4 + 2 * EDGE) * ratio);
  word = { canvas, width: canvas.width / ratio, height: canvas.height / ratio };
  context.scale(ratio, ratio);
  // its new size has forgotten it
  context.font = `${size}px ${FAMILY}`;
  context.textBaseline = "middle";
  readable(context, text, EDGE, word.height / 2, colour);
  if (words.size >= MOST) words.delete(/** @type {string} */ (words.keys().next().value));
  words.set(key, word);
  return word;
}
