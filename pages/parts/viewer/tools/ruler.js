/** A ruler: lengths between two places of a slice, in mm. */

import { element } from "../around/dom.js";
import { Popover } from "../around/popover.js";
import { AXIS, toScreen } from "../drawing/geometry.js";
import { distanceTo, lengthInWords, lengthOf, paintLength } from "../drawing/measures.js";

/** @import {DragPhase, Tool} from "./index.js" */
/** @import {Panel, Scene} from "../drawing/panel.js" */
/** @import {Placement} from "../drawing/geometry.js" */
/** @import {Ruler, Triple} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

export const RULER = "ruler";
const COLOUR = "#e6ebf0";
const CHOSEN = "#5fd0ff";
/** So near to a line, in CSS pixels, a press means it; so near to an end, the end. */
const NEAR = 7;
const NEAR_END = 9;
/** A drag that is shorter is a press, in CSS pixels. */
const LEAST = 3;

/** @param {Viewer} viewer @returns {Tool} */
export function ruler(viewer) {
  return new RulerTool(viewer);
}

class RulerTool {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {number} place in `view.rulers`; -1 is none */
    this.chosen = -1;
    /** The one that a hand or the keys are drawing. @type {Ruler | null} */
    this.drawing = null;
    /** What was dragged before the hand took an end of it. @type {Ruler | null} */
    this.before = null;
    this.byKeys = false;
    this.listed = "";
    this.button = element("button", { type: "button", class: "tool", title: "Key R: drag, or Enter at two places" }, "Ruler");
    this.button.addEventListener("click", () => this.#toggle());
    const opener = element("button", { type: "button", class: "tool" });
    this.list = element("ul", { class: "ruler-list" });
    const clear = element("button", { type: "button" }, "Clear all");
    clear.addEventListener("click", () => this.#clear());
    this.popover = new Popover("Rulers", opener, [this.list, element("div", { class: "popover-foot" }, clear)]);
    this.elements = [element("div", { class: "ruler" }, this.button, this.popover.element)];
    this.shortcuts = [
      { key: "r", label: "R", what: "ruler: drag, or Enter at the crosshair for either end", run: () => this.#toggle() },
      { key: "Enter", label: "Enter", what: "with the ruler: start, then end", run: () => this.#enter() },
      { key: "Delete", label: "Delete", what: "with the ruler: take the chosen one away", run: () => this.#remove(this.chosen) },
      { key: "Backspace", label: "", what: "", run: () => this.#remove(this.chosen) },
    ];
  }

  get on() {
    return this.viewer.view.tool === RULER;
  }

  #toggle() {
    this.#drop();
    this.viewer.set({ tool: this.on ? null : RULER });
    if (!this.on) this.chosen = -1;
  }

  /** Where the crosshair is, in the plane that keys work on. */
  #enter() {
    const { viewer } = this;
    if (!this.on) return;
    const plane = viewer.attention.plane();
    /** @type {Triple} */
    const here = [...viewer.view.cursor];
    if (this.drawing && this.byKeys && this.drawing.plane === plane && this.#onSlice(this.drawing)) {
      this.drawing.to = here;
      this.#finish();
    } else {
      this.drawing = { plane, from: here, to: here };
      this.byKeys = true;
    }
    viewer.draw();
  }

  #finish() {
    const made = this.drawing;
    this.drawing = this.before = null;
    this.byKeys = false;
    if (!made || lengthOf(null, made.from, made.to) === 0) return;
    this.chosen = this.viewer.view.rulers.length;
    this.viewer.set({ rulers: [...this.viewer.view.rulers, made] });
  }

  /** Give up what is being drawn; a ruler that was only moved stays where it was. */
  #drop() {
    if (this.before) this.viewer.set({ rulers: [...this.viewer.view.rulers, this.before] });
    const had = this.drawing !== null;
    this.drawing = this.before = null;
    this.byKeys = false;
    this.viewer.draw();
    return had;
  }

  /** @param {number} index */
  #remove(index) {
    const { view } = this.viewer;
    if (!view.rulers[index]) return;
    this.chosen = -1;
    this.viewer.set({ rulers: view.rulers.filter((_, at) => at !== index) });
  }

  #clear() {
    this.chosen = -1;
    this.popover.close();
    this.button.focus({ preventScroll: true });
    this.viewer.set({ rulers: [] });
  }

  /** @param {number} index */
  #goTo(index) {
    const { viewer } = this;
    const { plane, from } = viewer.view.rulers[index];
    this.chosen = index;
    viewer.set({ plane });
    viewer.goTo(plane, Math.round(from[AXIS[plane]]));
  }

  /** @param {Ruler} ruler */
  #onSlice({ plane, from }) {
    return Math.round(from[AXIS[plane]]) === this.viewer.view.cursor[AXIS[plane]];
  }

  // What the viewer asks.

  /** @param {DragPhase} phase @param {Panel} panel @param {number} x @param {number} y */
  drag(phase, panel, x, y) {
    const scene = this.viewer.sources.scene();
    if (!this.on || !scene) return false;
    const at = panel.voxelAt(scene, x, y);
    if (phase === "start") {
      this.#drop();
      this.#start(panel, scene, at, x, y);
    } else if (phase === "cancel") {
      this.#drop();
    } else if (this.drawing) {
      this.drawing.to = at;
      if (phase === "end") this.#release(panel, scene);
    }
    this.viewer.draw();
    return true;
  }

  /** @param {Panel} panel @param {Scene} scene @param {Triple} at @param {number} x @param {number} y */
  #start(panel, scene, at, x, y) {
    const plane = panel.planeIn(scene.view);
    const placement = panel.placement(scene);
    const { rulers } = scene.view;
    const here = rulers.map((each, index) => ({ ...each, index })).filter((each) => each.plane === plane && this.#onSlice(each));
    for (const { from, to, index } of here) {
      const away = [to, from].map((end) => Math.hypot(...toScreen(placement, end).map((on, axis) => on - [x, y][axis])));
      if (Math.min(...away) > NEAR_END) continue;
      // an end was taken: it moves, the other one stays
      this.before = rulers[index];
      this.drawing = { plane, from: away[0] <= away[1] ? from : to, to: at };
      this.viewer.set({ rulers: rulers.filter((_, each) => each !== index) });
      return;
    }
    const near = here.find(({ from, to }) => distanceTo(placement, from, to, x, y) <= NEAR);
    this.chosen = near?.index ?? -1;
    if (!near) this.drawing = { plane, from: at, to: at };
  }

  /** @param {Panel} panel @param {Scene} scene */
  #release(panel, scene) {
    if (!this.drawing) return;
    const placement = panel.placement(scene);
    const [from, to] = [toScreen(placement, this.drawing.from), toScreen(placement, this.drawing.to)];
    if (Math.hypot(to[0] - from[0], to[1] - from[1]) < LEAST) this.#drop();
    else this.#finish();
  }

  /** @param {Panel} panel @param {Scene} scene @param {Placement} placement */
  paint(panel, scene, placement) {
    const plane = panel.planeIn(scene.view);
    const started = this.drawing;
    if (started && this.byKeys) started.to = [...scene.view.cursor];
    const all = started ? [...scene.view.rulers, started] : scene.view.rulers;
    all.forEach((each, index) => {
      if (each.plane !== plane || !this.#onSlice(each)) return;
      const words = lengthInWords(lengthOf(scene.affine, each.from, each.to), scene.affine !== null);
      const chosen = each === started || index === this.chosen;
      paintLength(panel.canvas, placement, { ...each, words, colour: chosen ? CHOSEN : COLOUR, chosen });
    });
  }

  show() {
    const { view, ground } = this.viewer;
    this.button.setAttribute("aria-pressed", String(this.on));
    const { rulers } = view;
    this.popover.element.hidden = !rulers.length;
    const words = rulers.map(({ plane, from, to }) => {
      const length = lengthInWords(lengthOf(ground?.affine ?? null, from, to), Boolean(ground?.affine));
      return `${length}, ${plane} ${Math.round(from[AXIS[plane]]) + 1}`;
    });
    const listed = `${words.join("|")} ${this.chosen}`;
    if (listed === this.listed) return;
    this.listed = listed;
    this.popover.button.textContent = rulers.length === 1 ? words[0] : `${rulers.length} rulers`;
    this.list.replaceChildren(...words.map((text, index) => this.#row(text, index)));
  }

  /** @param {string} text @param {number} index */
  #row(text, index) {
    const go = element("button", { type: "button", "aria-pressed": String(index === this.chosen), title: "Go to it" }, text);
    go.addEventListener("click", () => this.#goTo(index));
    const away = element("button", { type: "button", "aria-label": `Delete ${text}` }, "Delete");
    away.addEventListener("click", () => {
      this.#remove(index);
      if (this.viewer.view.rulers.length) this.list.parentElement?.querySelector("button")?.focus();
      else this.popover.close(), this.button.focus({ preventScroll: true });
    });
    return element("li", {}, go, away);
  }

  furnish() {
    this.drawing = this.before = null;
    this.byKeys = false;
    this.chosen = -1;
    this.listed = "";
  }

  /** First what is being drawn goes, then what is chosen, then the ruler itself. */
  escape() {
    if (!this.on) return false;
    if (this.#drop()) return true;
    this.viewer.set({ tool: null });
    this.chosen = -1;
    return true;
  }
}
