/** The case as a line: area or error per slice, and the playhead. Click or drag it. */

import { capital, element, fitCanvas, segmented } from "./dom.js";
import { TEXT } from "./story.js";

/** @import {Canvas} from "../drawing/paint.js" */

/**
 * @typedef {object} Curve
 * @property {string} name
 * @property {string} colour
 * @property {ArrayLike<number>} values  per slice
 * @property {"filled" | "dashed" | "area"} kind  area is filled without a line
 */

/**
 * @typedef {object} Story
 * @property {number} slices
 * @property {number} slice  from 0
 * @property {string} word  what a slice is called
 * @property {string} label  what this one is, or an empty text
 * @property {Curve[]} curves
 * @property {string} what  they tell: area or error, and of what
 * @property {string} unit
 * @property {"area" | "error"} told  what the curves are
 * @property {boolean} errors  whether there is a model to tell errors of
 */

const HEIGHT = 96;
const SIDE = 14;
const TOP = 6;
const BOTTOM = 22;
const DASHES = [[4, 3], [1.5, 2.5], [8, 3], [8, 3, 2, 3]];

export class Strip {
  /**
   * @param {(slice: number) => void} go
   * @param {(told: "area" | "error") => void} tell
   * @param {HTMLElement[]} tools  stand at the end of its head
   */
  constructor(go, tell, tools) {
    this.go = go;
    /** @type {Story | null} */
    this.story = null;
    const surface = /** @type {HTMLCanvasElement} */ (element("canvas", { "aria-hidden": "true" }));
    const context = /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d"));
    /** @type {Canvas} */
    this.canvas = { context, width: 0, height: HEIGHT, ratio: 1 };
    this.now = element("strong");
    this.about = element("span");
    this.legend = element("span", { class: "legend" });
    const kinds = [
      { value: "area", text: "Area", title: "Tumour area per slice" },
      { value: "error", text: "Error", title: "Where each model differs from what it is measured against" },
    ];
    this.kinds = segmented("Per slice", kinds, (told) => tell(told === "error" ? "error" : "area"));
    this.head = element("i", { class: "playhead" });
    this.track = element("div", { class: "track", role: "slider", tabindex: "0", "aria-label": "Slice" }, surface, this.head);
    const head = element("div", { class: "strip-head" }, this.now, this.about, this.kinds.element, this.legend);
    head.append(element("span", { class: "stretch" }), ...tools);
    this.element = element("div", { class: "strip" }, head, this.track);
    this.faint = "#8d98a6";
    this.text = "#e6ebf0";
    /** What it says besides the slice. */
    this.rest = "";
    /** @type {Curve[] | null} */
    this.drawn = null;
    this.#listen();
  }

  #listen() {
    const move = (/** @type {PointerEvent} */ event) => {
      if (!this.story) return;
      const { left, width } = this.track.getBoundingClientRect();
      const share = (event.clientX - left - SIDE) / (width - 2 * SIDE);
      this.go(Math.round(Math.min(1, Math.max(0, share)) * (this.story.slices - 1)));
    };
    this.track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.track.setPointerCapture(event.pointerId);
      move(event);
    });
    this.track.addEventListener("pointermove", (event) => {
      if (this.track.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  /** @param {number} width */
  resize(width) {
    fitCanvas(this.canvas, width, HEIGHT);
    // of the page's theme, light or dark
    this.faint = getComputedStyle(this.about).color;
    this.text = getComputedStyle(this.now).color;
    this.drawn = null;
  }

  /** @param {Story} story */
  show(story) {
    this.story = story;
    const { word, label } = story;
    const of = `of ${story.slices}${label ? `, ${label}` : ""}`;
    this.now.textContent = `${capital(word)} ${story.slice + 1}`;
    // while somebody scrolls the rest stays as it is
    const rest = [of, story.what, word, story.unit, story.errors, story.told, story.curves.length].join("|");
    if (this.rest !== rest || this.drawn !== story.curves) this.#tell(story, of);
    this.rest = rest;
    this.track.setAttribute("aria-valuenow", String(story.slice + 1));
    this.track.setAttribute("aria-valuetext", `${word} ${story.slice + 1} ${of}`);
    const at = SIDE + ((this.canvas.width - 2 * SIDE) * story.slice) / Math.max(1, story.slices - 1);
    this.head.style.transform = `translateX(${Math.round(at)}px)`;
    // curves change rarely, the playhead with every slice
    if (this.drawn !== story.curves) this.#draw(story);
    this.drawn = story.curves;
  }

  /** @param {Story} story @param {string} of  how many there are */
  #tell(story, of) {
    const { word, curves, what, unit } = story;
    this.about.textContent = `${of}${curves.length ? ` · ${what} per ${word}, ${unit}` : ""}`;
    this.kinds.element.hidden = !story.errors;
    this.kinds.show(story.told);
    this.#words(story);
    this.track.setAttribute("aria-valuemin", "1");
    this.track.setAttribute("aria-valuemax", String(story.slices));
    this.track.setAttribute("aria-label", capital(word));
  }

  /** @param {Story} story */
  #words({ curves }) {
    const named = curves.filter((curve) => curve.kind !== "area").slice(0, 9);
    const said = named.map(({ name, colour, kind }) => `${name} ${colour} ${kind}`).join("|");
    if (this.legend.dataset.said === said) return;
    this.legend.dataset.said = said;
    let dashed = 0;
    this.legend.replaceChildren(
      ...named.map(({ name, colour, kind }) => {
        // as the patterns on the canvas: one of the four is of dots
        const line = element("i", { class: kind === "filled" ? "solid" : dashed++ % 4 === 1 ? "dotted" : "dashed" });
        line.style.borderColor = colour === TEXT ? "currentColor" : colour;
        return element("span", { title: name }, line, name);
      }),
    );
  }

  /** @param {Story} story */
  #draw({ slices, curves }) {
    const { context, width, height, ratio } = this.canvas;
    const base = height - BOTTOM;
    const x = (/** @type {number} */ at) => SIDE + ((width - 2 * SIDE) * at) / Math.max(1, slices - 1);
    const highest = Math.max(1e-9, ...curves.map((curve) => maximum(curve.values)));
    const y = (/** @type {number} */ value) => base - (value / highest) * (base - TOP);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = this.faint;
    drawTicks(context, slices, width, x, height);
    context.strokeStyle = this.faint;
    context.lineWidth = 1;
    line(context, [[SIDE, base + 0.5], [width - SIDE, base + 0.5]]);
    let dashed = 0;
    for (const curve of curves) {
      const colour = curve.colour === TEXT ? this.text : curve.colour;
      drawCurve(context, { ...curve, colour }, x, y, base, curve.kind === "dashed" ? DASHES[dashed++ % 4] : []);
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Curve} curve
 * @param {(slice: number) => number} x
 * @param {(value: number) => number} y
 * @param {number} base
 * @param {number[]} dash
 */
function drawCurve(context, { values, colour, kind }, x, y, base, dash) {
  /** @type {[number, number][]} */
  const points = Array.from(values, (value, slice) => [x(slice), y(value)]);
  if (!points.length) return;
  if (kind !== "dashed") {
    context.globalAlpha = kind === "area" ? 0.28 : 0.16;
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(points[0][0], base);
    for (const [px, py] of points) context.lineTo(px, py);
    context.lineTo(points[points.length - 1][0], base);
    context.fill();
    context.globalAlpha = 1;
  }
  if (kind === "area") return;
  context.strokeStyle = colour;
  context.lineWidth = kind === "filled" ? 1.75 : 1;
  context.setLineDash(dash);
  line(context, points);
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} slices
 * @param {number} width
 * @param {(slice: number) => number} x
 * @param {number} height
 */
function drawTicks(context, slices, width, x, height) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((each) => (width * each) / slices >= 90) ?? 1000;
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "bottom";
  for (let number = step; number <= slices; number += step) context.fillText(String(number), x(number - 1), height - 1);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][]} points
 */
function line(context, points) {
  context.beginPath();
  for (const [px, py] of points) context.lineTo(px, py);
  context.stroke();
}

/** @param {ArrayLike<number>} values */
function maximum(values) {
  let highest = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > highest) highest = values[i];
  return highest;
}
