/** The slices to and fro as a film, drawn beside the page and recorded as the browser can. */

import { AXIS } from "../drawing/geometry.js";
import { PLAY_HZ } from "../hands/play.js";
import { composed } from "./take_away_picture.js";

/** @import {Plane, Triple} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

const KINDS = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
/** Wide enough for a screen, narrow enough to be encoded while it plays. */
const WIDEST = 1920;
/** Grey noise is hard to encode; with less the tumour's edge would blur. */
const BITS_PER_PIXEL = 1.2;

/** @typedef {{plane: Plane, first: number, last: number}} Stretch  of slices */

/**
 * @typedef {object} Told
 * @property {(share: number | null) => void} progress  0 to 1; null when it is over, whatever came of it
 * @property {(blob: Blob) => void} done
 * @property {(sentence: string) => void} failed
 */

/** @returns {string | null} why this browser cannot record */
export function filmTrouble() {
  if (typeof MediaRecorder === "undefined" || !("captureStream" in HTMLCanvasElement.prototype)) {
    return "This browser cannot record films: it has no MediaRecorder.";
  }
  return kind() ? null : "This browser cannot record WebM: it has no encoder for VP8 or VP9.";
}

function kind() {
  return KINDS.find((each) => MediaRecorder.isTypeSupported(each)) ?? null;
}

export class Film {
  /**
   * @param {Viewer} viewer
   * @param {Stretch} stretch
   * @param {Told} told
   */
  constructor(viewer, { plane, first, last }, told) {
    this.viewer = viewer;
    this.plane = plane;
    this.told = told;
    const there = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    this.slices = [...there, ...there.slice(0, -1).reverse()];
    this.next = 0;
    this.scale = Math.min(Math.max(1, window.devicePixelRatio), WIDEST / viewer.furniture.grid.clientWidth);
    this.canvas = document.createElement("canvas");
    /** @type {Blob[]} */
    this.parts = [];
    /** @type {MediaRecorder | null} */
    this.recorder = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.over = false;
  }

  start() {
    if (!this.#draw()) return this.#end("Nothing is drawn yet. Try again in a moment.");
    try {
      const bits = this.canvas.width * this.canvas.height * BITS_PER_PIXEL * PLAY_HZ;
      const stream = this.canvas.captureStream();
      const options = { mimeType: kind() ?? KINDS[2], videoBitsPerSecond: Math.round(bits) };
      this.recorder = new MediaRecorder(stream, options);
    } catch (error) {
      return this.#end(`This browser could not start recording. (${error instanceof Error ? error.message : error})`);
    }
    this.recorder.ondataavailable = ({ data }) => data.size && this.parts.push(data);
    this.recorder.onerror = () => this.#end("This browser stopped recording. Try a smaller window.");
    this.recorder.onstop = () => this.#end(null);
    this.recorder.start(1000);
    this.#wait();
  }

  cancel() {
    this.parts = [];
    this.#end(null);
  }

  #wait() {
    this.timer = setTimeout(() => this.#step(), 1000 / PLAY_HZ);
  }

  #step() {
    this.told.progress(this.next / this.slices.length);
    // the last slice has had its time
    if (this.next >= this.slices.length) this.recorder?.stop();
    else if (this.#draw()) this.#wait();
    else this.#end("The case was left before the film was done.");
  }

  /** @returns {boolean} whether there was something to draw */
  #draw() {
    const { viewer, canvas } = this;
    const slice = this.slices[this.next++];
    /** @type {Triple} */
    const cursor = [...viewer.view.cursor];
    cursor[AXIS[this.plane]] = slice;
    const still = { playing: true, overlayOff: false, help: false };
    return composed(viewer, this.scale, { view: { ...viewer.view, ...still, cursor }, canvas }) !== null;
  }

  /** @param {string | null} sentence  what went wrong */
  #end(sentence) {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    if (this.recorder) {
      this.recorder.onstop = this.recorder.onerror = null;
      if (this.recorder.state !== "inactive") this.recorder.stop();
      for (const track of this.recorder.stream.getTracks()) track.stop();
    }
    this.told.progress(null);
    if (sentence) this.told.failed(sentence);
    else if (this.parts.length) this.told.done(new Blob(this.parts, { type: "video/webm" }));
  }
}
