/** Where attention is: the panel under the pointer or chosen by keys, and what is read there. */

import { clampVoxel } from "./drawing/geometry.js";

/** @import {Panel} from "./drawing/panel.js" */
/** @import {Plane, View} from "./types.js" */
/** @import {Viewer} from "./viewer.js" */

export class Attention {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {Panel | null} */
    this.active = null;
    /** @type {{x: number, y: number} | null} null where keys chose the panel */
    this.pointer = null;
  }

  /** The panels are new: none of them has been looked at. */
  forget() {
    this.active = null;
  }

  /** The plane that keys and strip scroll: of the panel under the pointer, else the chosen one. @returns {Plane} */
  plane() {
    return this.panel()?.planeIn(this.viewer.view) ?? this.viewer.view.plane;
  }

  /** The panel that keys work on: under the pointer, else chosen by key, else the first. @returns {Panel | null} */
  panel() {
    const ofPlane = this.viewer.panels.find((panel) => panel.spec.plane === this.viewer.view.plane);
    return this.active ?? ofPlane ?? this.viewer.panels[0] ?? null;
  }

  /** Where planes stand side by side, keys and strip go on in the panel of this one. @param {Plane} plane */
  toPlane(plane) {
    const panel = this.viewer.panels.find((each) => each.spec.plane === plane);
    this.viewer.set({ plane });
    if (!panel) return;
    this.activate(panel);
    this.pointer = null;
  }

  /**
   * The panel that was pointed at is the one that tools for one model work on.
   *
   * @param {Panel} panel
   * @returns {Partial<View>}
   */
  chosenBy({ spec }) {
    const isModel = spec.mask !== null && this.viewer.data.panels.some((each) => each.id === spec.id);
    const plane = this.viewer.view.layout === "planes" ? spec.plane : null;
    return { ...(isModel && { chosen: spec.id }), ...(plane && { plane }) };
  }

  /** @param {1 | -1} step */
  nextPanel(step) {
    const shown = this.viewer.panels.filter((panel) => panel.element.isConnected && !panel.element.hidden);
    const at = shown.indexOf(/** @type {Panel} */ (this.active));
    const next = shown[at < 0 ? (step > 0 ? 0 : shown.length - 1) : (at + step + shown.length) % shown.length];
    if (!next) return;
    this.activate(next);
    this.pointer = null;
    this.viewer.draw();
    this.viewer.teller.moved();
  }

  /** @param {Panel | null} panel */
  activate(panel) {
    if (panel === this.active) return;
    this.active = panel;
    this.viewer.furniture.highlight(panel);
  }

  /** @param {Panel | null} panel @param {number} x @param {number} y  CSS pixels from its corner */
  hover(panel, x, y) {
    this.activate(panel);
    this.pointer = { x, y };
    this.read();
  }

  /** Say what lies under the pointer, else under the crosshair; also when the slice moves under a hand that rests. */
  read() {
    const panel = this.active;
    const scene = this.viewer.sources.scene();
    if (!scene) return;
    const at = panel && this.pointer ? panel.voxelAt(scene, this.pointer.x, this.pointer.y) : scene.view.cursor;
    const voxel = clampVoxel(at, scene.shape);
    const inside = at.every((value, axis) => Math.abs(value - voxel[axis]) <= 0.5);
    this.viewer.furniture.reading.show(inside ? voxel : null);
  }
}
