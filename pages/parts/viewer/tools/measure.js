/** What a mask holds: mean and spread of the image, volume, and the diameters of its largest lesion. */

import { element } from "../around/dom.js";
import { Popover } from "../around/popover.js";
import { AXIS } from "../drawing/geometry.js";
import { lengthInWords, paintLength } from "../drawing/measures.js";
import { axialFrame, diametersOf } from "./diameters.js";
import { diametersInWords, statisticsInWords } from "./measure_words.js";
import { statisticsIn } from "./statistics.js";

/** @import {Tool} from "./index.js" */
/** @import {Mask} from "../drawing/masks.js" */
/** @import {Panel, Scene} from "../drawing/panel.js" */
/** @import {Placement} from "../drawing/geometry.js" */
/** @import {Measured} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

const COLOUR = "#e6ebf0";
/** A threshold that is being dragged is measured when it rests. */
const AFTER_MS = 150;
const METHOD =
  "Automatic: the longest line between two points of one lesion's outline on an axial slice, and the widest extent at right angles to it. RANO measures enhancing lesions, by hand (Wen 2010, 2023).";

/** @typedef {{mask: Mask, region: number, key: string}} Subject */

/** @param {Viewer} viewer @returns {Tool} */
export function measure(viewer) {
  return new MeasureTool(viewer);
}

class MeasureTool {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.listed = "";
    this.told = "";
    /** Of the whole mask, by what it was measured of. */
    this.whole = { key: "", statistics: /** @type {import("./statistics.js").Statistics | null} */ (null) };
    this.lesion = { key: "", diameters: /** @type {import("./diameters.js").Diameters | null} */ (null) };
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.mask = choice("Mask", (mask) => this.#choose({ mask }));
    this.region = choice("Region", (region) => this.#choose({ region: Number(region) }));
    this.table = element("table", { class: "measures" });
    this.words = element("p", { class: "diameters" });
    this.go = element("button", { type: "button" }, "Go to it");
    this.go.addEventListener("click", () => this.#goTo());
    this.drawn = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
    this.drawn.addEventListener("change", () => this.#choose({ drawn: this.drawn.checked }));
    const close = element("button", { type: "button" }, "Close");
    close.addEventListener("click", () => this.popover.close());
    const button = element("button", { type: "button", class: "tool", title: "Key M" }, "Measure");
    const content = [
      element("div", { class: "measure-of" }, this.mask.element, this.region.element),
      this.table,
      element("h3", {}, "Longest axial diameter and its perpendicular"),
      this.words,
      element("div", { class: "popover-foot" }, element("label", {}, this.drawn, "Draw them"), this.go, close),
      element("p", { class: "hint" }, METHOD),
    ];
    this.popover = new Popover("Measure", button, content, { stays: true, opened: () => this.#open() });
    this.popover.box.classList.add("measure");
    this.elements = [this.popover.element];
    this.shortcuts = [{ key: "m", label: "M", what: "measure a mask: values, volume, diameters", run: () => this.#toggle() }];
  }

  #toggle() {
    const { viewer } = this;
    if (!Object.keys(viewer.data.masks).length) return;
    // the button must be there to open under, and to give the focus back to
    if (!viewer.view.toolsOpen) viewer.toggleTools();
    this.popover.toggle();
  }

  #open() {
    const { viewer } = this;
    const { panels, view, data } = viewer;
    const chosen = panels.find((panel) => panel.spec.id === view.chosen) ?? viewer.attention.active;
    const mask = chosen?.spec.mask ?? panels.find((panel) => panel.spec.mask !== null)?.spec.mask;
    const enhancing = data.regions.findIndex(({ name, title }) => name === "ET" || /enhancing/i.test(title));
    const region = view.measure?.region ?? (enhancing >= 0 ? enhancing : Math.max(0, view.visible.indexOf(true)));
    if (mask) viewer.set({ measure: { mask, region, drawn: view.measure?.drawn ?? true } });
  }

  /** @param {Partial<Measured>} patch */
  #choose(patch) {
    const { view } = this.viewer;
    if (view.measure) this.viewer.set({ measure: { ...view.measure, ...patch } });
  }

  #goTo() {
    const found = this.lesion.diameters;
    if (!found) return;
    const [from, to] = found.longest;
    const middle = (/** @type {0 | 1} */ axis) => Math.round((from[axis] + to[axis]) / 2);
    this.#choose({ drawn: true });
    this.viewer.set({ plane: "axial", cursor: [middle(0), middle(1), found.slice] });
  }

  /** What is measured now, once all of it is there. @returns {Subject | null} */
  #subject() {
    const { view, data } = this.viewer;
    const asked = view.measure;
    if (!asked || !(asked.mask in data.masks) || !data.regions[asked.region]) return null;
    const mask = this.viewer.sources.mask(asked.mask);
    return mask?.whole ? { mask, region: asked.region, key: `${mask.key} ${asked.region}` } : null;
  }

  show() {
    const { view, data } = this.viewer;
    this.popover.element.hidden = !Object.keys(data.masks).length;
    const subject = this.#subject();
    const image = this.viewer.sources.volume("images", view.image);
    const key = subject ? `${subject.key} ${image?.hash} ${image?.whole}` : "";
    const wanted = this.popover.isOpen || (view.measure?.drawn ?? false);
    if (wanted && subject && this.whole.key !== key && this.timer === undefined) {
      this.timer = setTimeout(() => this.#measure(), AFTER_MS);
    }
    if (this.popover.isOpen) this.#fill(subject, key);
  }

  /** Half of what an open list says is of the slice. */
  follow() {
    if (this.popover.isOpen) this.show();
  }

  #measure() {
    this.timer = undefined;
    const { viewer } = this;
    const subject = this.#subject();
    const image = viewer.sources.volume("images", viewer.view.image);
    if (!subject) return;
    if (this.lesion.key !== subject.key) {
      const diameters = diametersOf(subject.mask, subject.region, axialFrame(viewer.ground?.affine ?? null));
      this.lesion = { key: subject.key, diameters };
    }
    const statistics = image?.whole ? statisticsIn(image, subject.mask, subject.region, "axial", null) : null;
    this.whole = { key: `${subject.key} ${image?.hash} ${image?.whole}`, statistics };
    viewer.draw();
  }

  /** @param {Subject | null} subject @param {string} key */
  #fill(subject, key) {
    const { viewer } = this;
    const { view, data, ground } = viewer;
    this.mask.show(Object.keys(data.masks).map((name) => [name, name]), view.measure?.mask ?? "");
    const regions = data.regions.map(({ name, title }, index) => /** @type {[string, string]} */ ([String(index), `${name}, ${title}`]));
    this.region.show(regions, String(view.measure?.region ?? 0));
    this.drawn.checked = view.measure?.drawn ?? false;
    const plane = viewer.attention.plane();
    const index = view.cursor[AXIS[plane]];
    const ready = this.whole.key === key;
    const told = [key, ready, plane, index, view.image, viewer.sources.volume("images", view.image)?.version].join(" ");
    if (told === this.told || !ground) return;
    this.told = told;
    const image = viewer.sources.volume("images", view.image);
    const exact = image?.whole || (plane === "axial" && holdsSlice(image, index));
    const slice = image && exact && subject ? statisticsIn(image, subject.mask, subject.region, plane, index) : null;
    const voxelMl = ground.affine ? (ground.spacing[0] * ground.spacing[1] * ground.spacing[2]) / 1000 : null;
    const rows = statisticsInWords(view.image, slice, ready ? this.whole.statistics : null, voxelMl);
    const head = ["", `${plane} slice ${index + 1}`, "whole volume"].map((text) => element("th", { scope: "col" }, text));
    const body = rows.map(([what, ...cells]) =>
      element("tr", {}, element("th", { scope: "row" }, what), ...cells.map((text) => element("td", {}, text))),
    );
    this.table.replaceChildren(element("tr", {}, ...head), ...body);
    const found = subject && this.lesion.key === subject.key ? this.lesion.diameters : null;
    this.go.toggleAttribute("disabled", !found);
    this.words.textContent = !subject || !ready ? "Loading" : found ? diametersInWords(found, Boolean(ground.affine)) : "None: the region is empty.";
  }

  /** @param {Panel} panel @param {Scene} scene @param {Placement} placement */
  paint(panel, scene, placement) {
    const { view, affine } = scene;
    const found = this.lesion.diameters;
    if (!found || !view.measure?.drawn || panel.planeIn(view) !== "axial" || view.cursor[2] !== found.slice) return;
    if (this.#subject()?.key !== this.lesion.key || panel.spec.error_against !== null) return;
    // on the mask that was measured, and on the bare image
    if (panel.spec.mask !== null && panel.spec.mask !== view.measure.mask) return;
    for (const [[from, to], length] of /** @type {const} */ ([[found.longest, found.longestMm], [found.across, found.acrossMm]])) {
      const words = lengthInWords(length, affine !== null);
      paintLength(panel.canvas, placement, { from, to, words, colour: COLOUR, beyond: true });
    }
  }

  furnish() {
    this.told = "";
  }

  escape() {
    const open = this.popover.isOpen;
    this.popover.close();
    return open;
  }

  stop() {
    clearTimeout(this.timer);
  }
}

/**
 * @param {import("../data/library.js").AnyVolume | null} image
 * @param {number} index  of the full grid
 */
function holdsSlice(image, index) {
  if (!image) return false;
  const inBox = index - image.manifest.box_offset[2];
  return inBox < 0 || inBox >= image.manifest.shape[2] || image.slice(2, inBox).step === 1;
}

/**
 * @param {string} label
 * @param {(value: string) => void} choose
 */
function choice(label, choose) {
  const select = /** @type {HTMLSelectElement} */ (element("select", {}));
  select.addEventListener("change", () => choose(select.value));
  let listed = "";
  return {
    element: element("label", {}, label, select),
    show: (/** @type {[string, string][]} */ options, /** @type {string} */ value) => {
      const text = JSON.stringify(options);
      if (text !== listed) select.replaceChildren(...options.map(([name, words]) => element("option", { value: name }, words)));
      listed = text;
      select.value = value;
    },
  };
}
