/** What the viewer tells the world: the page's address and Python when the hand rests, and its state on its element. */

import { writeAddress } from "./address.js";
import { AXIS } from "../drawing/geometry.js";

/** @import {Viewer} from "../viewer.js" */

const AFTER_MS = 400;

export class Teller {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.told = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Start waiting for the hand to rest. */
  moved() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#tell(), AFTER_MS);
  }

  /** The address names what is shown before any hand has moved; one that names it already is left as it is. */
  shown() {
    const { view, data, settled, opened } = this.viewer;
    const query = new URLSearchParams(location.search);
    const named = Object.entries(data.address ?? {}).every(([name, value]) => (query.get(name) ?? "") === value);
    if (settled && !named) writeAddress(data, view, opened);
  }

  stop() {
    clearTimeout(this.timer);
  }

  #tell() {
    const { view, data, settled, report } = this.viewer;
    if (!settled || view.playing) return;
    const slice = view.cursor[AXIS[view.plane]];
    const range = view.windows[view.image]?.range;
    if (data.address) writeAddress(data, view, this.viewer.opened);
    if (!data.report) return;
    const { plane, image, cursor } = view;
    const told = { subject: data.subject, plane, slice, image, window: range ?? null, cursor };
    const text = JSON.stringify(told);
    if (text === this.told) return;
    this.told = text;
    report(told);
  }

  /**
   * @param {number} drawMs  script time of the last frame
   * @param {number} loaded  0 to 1
   */
  mark(drawMs, loaded) {
    const { view, host, settled } = this.viewer;
    const marks = {
      plane: view.plane,
      slice: settled ? String(view.cursor[AXIS[view.plane]]) : "",
      cursor: view.cursor.join(","),
      image: view.image,
      zoom: view.zoom.toFixed(3),
      mode: view.mode,
      playing: String(view.playing),
      overlay: view.overlayOff ? "off" : "on",
      loaded: loaded.toFixed(3),
      ready: String(settled && loaded >= 1),
      drawMs: drawMs.toFixed(2),
    };
    for (const [name, value] of Object.entries(marks)) if (host.dataset[name] !== value) host.dataset[name] = value;
  }
}
