/** The line under the panels: what lies under the pointer, else under the crosshair, in every sequence and by every mask. */

import { element } from "./dom.js";
import { AXIS, toMillimetres } from "../drawing/geometry.js";
import { holds } from "../drawing/masks.js";
import { short } from "./numbers.js";
import { doubtsAt } from "../tools/maps.js";

/** @import {Triple} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

/** A screen reader hears the line when the hand has rested so long. */
const AFTER_MS = 600;

/** Rough widths in CSS pixels, to know once how many lines will do. */
const WIDTH = { place: 230, letter: 6.5, value: 48, region: 36 };
const MOST_LINES = 3;

/**
 * @typedef {object} Found
 * @property {string} place
 * @property {[string, string][]} values  sequence and value
 * @property {[string, number[]][]} labels  mask, and the bits of its regions there
 */

/** @typedef {{of: string, value: string, bits: number[]}} Line */

export class Reading {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.shown = "";
    this.regions = viewer.data.regions;
    this.said = "";
    this.element = element("div", { class: "reading", "aria-hidden": "true" });
    this.live = element("div", { class: "heard", role: "status", "aria-live": "polite" });
  }

  /** The room for the longest words, so that the line never jumps. @param {number} width  CSS pixels */
  resize(width) {
    const { images, masks, regions, controls } = this.viewer.data;
    const letters = [...Object.keys(images), ...Object.keys(masks)].join("").length * WIDTH.letter;
    const counted = Object.keys(images).length * WIDTH.value + Object.keys(masks).length * (14 + regions.length * WIDTH.region);
    const lines = Math.min(MOST_LINES, Math.ceil((WIDTH.place + letters + counted) / width));
    this.element.style.setProperty("--lines", String(lines));
    this.element.hidden = !controls;
  }

  /** Once in a frame. @param {Triple | null} voxel  null where the pointer is beside the image */
  show(voxel) {
    const { viewer } = this;
    const found = voxel && this.#find(voxel);
    const key = JSON.stringify(found);
    if (key !== this.shown || viewer.data.regions !== this.regions) {
      this.shown = key;
      this.regions = viewer.data.regions;
      this.#write(found ? this.#lines(found) : []);
    }
    clearTimeout(this.timer);
    if (!viewer.view.playing && !viewer.view.flickering) this.timer = setTimeout(() => this.#say(), AFTER_MS);
  }

  stop() {
    clearTimeout(this.timer);
  }

  /** @param {Triple} voxel @returns {Found} */
  #find(voxel) {
    const { viewer } = this;
    const { data, ground } = viewer;
    /** @type {Found} */
    const found = { place: placeInWords(voxel, ground?.affine ?? null), values: [], labels: [] };
    for (const name of Object.keys(data.images)) {
      const image = viewer.sources.volume("images", name);
      if (image) found.values.push([name, short(image.value(voxel))]);
    }
    found.values.push(...doubtsAt(viewer, voxel));
    for (const name of Object.keys(data.masks)) {
      const mask = viewer.sources.mask(name);
      if (mask) found.labels.push([name, data.regions.flatMap((_, bit) => (holds(mask, voxel, bit) ? [bit] : []))]);
    }
    return found;
  }

  /** @param {Found} found @returns {Line[]} */
  #lines({ place, values, labels }) {
    return [
      { of: "", value: place, bits: [] },
      ...values.map(([of, value]) => ({ of, value, bits: [] })),
      ...labels.map(([of, bits]) => ({ of, value: bits.length ? "" : "–", bits })),
    ];
  }

  /** Change only what is another: while somebody scrolls this happens in every frame. @param {Line[]} lines */
  #write(lines) {
    const spans = this.element.children;
    while (spans.length > lines.length) spans[spans.length - 1].remove();
    lines.forEach(({ of, value, bits }, index) => {
      const colours = bits.map((bit) => this.regions[bit].colour).join(" ");
      const kind = `${of}|${colours}`;
      const span = /** @type {HTMLElement} */ (spans[index] ?? this.element.appendChild(element("span")));
      if (span.dataset.kind === kind && span.lastChild instanceof Text) {
        if (span.lastChild.data !== value) span.lastChild.data = value;
        return;
      }
      span.dataset.kind = kind;
      span.replaceChildren(...(of ? [element("span", { class: "of" }, of), " "] : []), ...bits.flatMap((bit) => [this.#swatch(bit), " "]), value);
    });
  }

  /** @param {number} bit */
  #swatch(bit) {
    const spot = element("i");
    spot.style.background = this.regions[bit].colour;
    return element("b", {}, spot, this.regions[bit].name);
  }

  /** Plane, slice, and what is under the crosshair: the pointer is of no use to who listens. */
  #say() {
    const { viewer } = this;
    const { ground, settled, view, data } = viewer;
    if (!ground || !settled) return;
    const plane = viewer.attention.plane();
    const axis = AXIS[plane];
    const { place, values, labels } = this.#find(view.cursor);
    const said = [
      `${plane} ${data.stops?.word ?? "slice"} ${view.cursor[axis] + 1} of ${ground.shape[axis]}`,
      place,
      ...values.map((pair) => pair.join(" ")),
      ...labels.map(([name, bits]) => `${name}: ${bits.map((bit) => data.regions[bit].title).join(", ") || "nothing"}`),
    ].join("; ");
    if (said === this.said) return;
    this.said = said;
    this.live.textContent = said;
  }
}

/**
 * @param {Triple} voxel
 * @param {number[][] | null} affine
 */
function placeInWords(voxel, affine) {
  const millimetres = affine ? toMillimetres(affine, voxel).map((mm) => mm.toFixed(1).replace("-", "−")) : null;
  return `voxel ${voxel.join(" ")}${millimetres ? ` · ${millimetres.join(" ")} mm` : ""}`;
}
