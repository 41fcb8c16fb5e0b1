/** What if a model's threshold were another one: masks, volume and Dice follow a slider. */

import { titleOf } from "../around/columns.js";
import { element, segmented } from "../around/dom.js";
import { truthOf } from "../drawing/maps.js";
import { Histograms } from "./threshold_counts.js";
import { asProbability, tellTried, triedOf, voxelMlOf } from "./threshold_words.js";

/** @import {ViewerData} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */
/** @import {Tool} from "./index.js" */
/** @import {Tried} from "./threshold_words.js" */

const ALL = "";
const LEAST = 1;
const MOST = 255;

/**
 * @param {Viewer} viewer
 * @returns {Tool}
 */
export function thresholdTool(viewer) {
  const tool = new ThresholdTool(viewer);
  const step = (/** @type {string} */ key, /** @type {number} */ by) => ({
    key,
    label: key,
    what: `threshold what-if: ${by < 0 ? "lower" : "raise"} it by one 255th`,
    run: () => tool.step(by),
  });
  return {
    elements: [tool.element],
    shortcuts: [step("<", -1), step(">", 1)],
    furnish: () => tool.furnish(),
    show: () => tool.show(),
    stop: () => tool.histograms.forget(),
  };
}

/**
 * @param {ViewerData} data
 * @param {string} name  of a mask
 * @returns {string} why its threshold cannot be tried; empty where it can
 */
function whyNot(data, name) {
  return data.probabilities[name]?.why_not ?? "";
}

class ThresholdTool {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.histograms = new Histograms(() => viewer.draw());
    this.open = false;
    this.subject = "";
    /** Name of a mask, or every model together. */
    this.model = ALL;
    /** @type {number | null} null is the first visible one */
    this.chosenRegion = null;
    this.button = element("button", { type: "button", class: "threshold-button", title: "Keys < and >" }, "Threshold");
    this.button.addEventListener("click", () => this.#toggle());
    this.select = /** @type {HTMLSelectElement} */ (element("select", { "aria-label": "Threshold of model" }));
    this.select.addEventListener("change", () => this.#choose({ model: this.select.value }));
    this.regions = segmented("Threshold of region", [], () => {});
    const range = { type: "range", min: String(LEAST), max: String(MOST), "aria-label": "Threshold" };
    this.slider = /** @type {HTMLInputElement} */ (element("input", range));
    this.slider.addEventListener("input", () => this.#set(Number(this.slider.value)));
    this.own = element("i", { class: "own", "aria-hidden": "true" });
    this.number = element("span", { class: "numbers" });
    this.undo = element("button", { type: "button", class: "threshold-button" }, "Reset");
    this.undo.addEventListener("click", () => this.#reset());
    this.wait = element("span", { class: "threshold-wait", role: "status" });
    const track = element("span", { class: "threshold-track" }, this.slider, this.own);
    this.body = element("span", { class: "threshold-body" }, this.select, this.regions.element, track);
    this.offNote = element("span", { class: "threshold-wait" });
    this.body.append(this.number, this.undo, this.wait, this.offNote);
    this.controls = [this.select, track, this.number, this.wait];
    this.element = element("div", { class: "threshold", role: "group", "aria-label": "Threshold" }, this.button, this.body);
  }

  /** @returns {string[]} models of which something can be tried */
  get names() {
    const { data, sources } = this.viewer;
    return Object.keys(data.masks).filter((name) => sources.probabilities.has(name) && !whyNot(data, name));
  }

  /** @returns {string[]} models whose mask is not what a threshold gives, for something follows it */
  get off() {
    const { data } = this.viewer;
    return Object.keys(data.masks).filter((name) => whyNot(data, name));
  }

  /** @returns {string[]} models that the slider moves */
  get moved() {
    return this.model === ALL ? this.names : [this.model];
  }

  get region() {
    const first = Math.max(0, this.viewer.view.visible.indexOf(true));
    return Math.min(this.chosenRegion ?? first, this.viewer.data.regions.length - 1);
  }

  /** @param {string} name @returns {number[]} */
  ownOf(name) {
    return this.viewer.data.probabilities[name].thresholds;
  }

  /** @param {string} name @returns {number[]} as they are tried, else the model's own */
  thresholdsOf(name) {
    return this.viewer.view.thresholds[name] ?? this.ownOf(name);
  }

  furnish() {
    const { data } = this.viewer;
    if (this.subject !== data.subject) this.histograms.forget();
    this.subject = data.subject;
    const { names, off } = this;
    if (!names.includes(this.model)) this.model = ALL;
    if (names.length === 1) this.model = names[0];
    this.element.hidden = !names.length && !off.length;
    for (const each of this.controls) each.hidden = !names.length;
    this.offNote.hidden = !off.length;
    const said = off.map((name) => `${titleOf(data, this.viewer.view, name)}: off, ${whyNot(data, name)}`);
    this.offNote.textContent = said.join("; ");
    const all = names.length > 1 ? [element("option", { value: ALL }, "all models")] : [];
    const titled = (/** @type {string} */ name) => titleOf(data, this.viewer.view, name);
    this.select.replaceChildren(...all, ...names.map((name) => element("option", { value: name }, titled(name))));
    const options = data.regions.map(({ name, title }, region) => ({ value: String(region), text: name, title }));
    const regions = segmented("Threshold of region", options, (region) => this.#choose({ region: Number(region) }));
    this.regions.element.replaceWith(regions.element);
    this.regions = regions;
    regions.element.hidden = options.length < 2 || !names.length;
  }

  show() {
    const { names, viewer } = this;
    const tried = names.filter((name) => viewer.view.thresholds[name]);
    // an open tool, or a view that was shared with what was tried in it
    viewer.sources.probabilities.want(this.open ? names : tried);
    this.#showControls(tried);
    const found = tried.flatMap((name) => this.#triedOf(name));
    tellTried(viewer.panels, viewer.data.regions, found);
  }

  /** @param {string[]} tried */
  #showControls(tried) {
    const { viewer, region, moved } = this;
    this.button.setAttribute("aria-expanded", String(this.open));
    this.body.hidden = !this.open;
    this.undo.hidden = !tried.length;
    if (!this.open || !moved.length) return;
    this.select.value = this.model;
    this.regions.show(String(region));
    const thresholds = moved.map((name) => this.thresholdsOf(name)[region]);
    const owns = moved.map((name) => this.ownOf(name)[region]);
    const [shown, own] = [thresholds[0], owns[0]];
    this.slider.value = String(shown);
    const share = (/** @type {number} */ q) => (q - LEAST) / (MOST - LEAST);
    this.slider.style.setProperty("--filled", `${share(shown) * 100}%`);
    this.own.style.setProperty("--share", String(share(own)));
    this.own.hidden = owns.some((each) => each !== own);
    this.number.textContent = asProbability(shown);
    this.number.title = `q ≥ ${shown} of 255; own ${owns.join(", ")}`;
    this.slider.setAttribute("aria-valuetext", this.#spoken(shown, region));
    const large = moved.some((name) => viewer.sources.probabilities.tooLarge(name));
    const there = viewer.sources.probabilities.share(moved);
    const words = large ? "too large to be tried in a browser" : there < 1 ? `loading ${Math.floor(there * 100)} %` : "";
    this.wait.textContent = viewer.sources.probabilities.trouble(moved) ?? words;
    viewer.host.dataset.probabilities = there.toFixed(3);
  }

  /** @param {number} threshold @param {number} region */
  #spoken(threshold, region) {
    const { data, view } = this.viewer;
    const of = this.moved.flatMap((name) => this.#triedOf(name)).filter((each) => each.region === region);
    return [asProbability(threshold), ...of.map(({ name, words }) => `${titleOf(data, view, name)} ${words}`)].join("; ");
  }

  /** @param {string} name @returns {Tried[]} one per region whose threshold is being tried */
  #triedOf(name) {
    const { viewer } = this;
    const { data, view, ground } = viewer;
    const volumes = viewer.sources.probabilities.whole(name);
    const thresholds = view.thresholds[name];
    if (!volumes || !thresholds || !ground) return [];
    const truth = truthOf(data);
    const reference = truth === null ? null : viewer.sources.mask(truth);
    if (truth !== null && !reference?.whole) return [];
    const voxelMl = ground.affine && voxelMlOf(ground.affine);
    return thresholds.flatMap((threshold, region) => {
      // counted ahead, so that another region can be tried at once
      const counts = this.histograms.of(volumes[region], reference, region);
      const untouched = threshold === this.ownOf(name)[region] && region !== this.region;
      return counts && !untouched ? [triedOf({ name, region, threshold, counts, voxelMl })] : [];
    });
  }

  #toggle() {
    this.open = !this.open;
    this.show();
    // the row may need another line, and takes it from the panels
    this.viewer.arrange();
  }

  /** @param {{model?: string, region?: number}} choice */
  #choose({ model = this.model, region = this.chosenRegion ?? undefined }) {
    this.model = model;
    this.chosenRegion = region ?? null;
    this.viewer.draw();
  }

  /** @param {number} by */
  step(by) {
    if (!this.names.length) return;
    if (!this.viewer.view.toolsOpen) this.viewer.toggleTools();
    if (!this.open) this.#toggle();
    const { region } = this;
    this.#set(this.thresholdsOf(this.moved[0])[region] + by);
  }

  /** @param {number} threshold */
  #set(threshold) {
    const { region } = this;
    const t = Math.min(MOST, Math.max(LEAST, threshold));
    const changed = this.moved.map((name) => [name, this.thresholdsOf(name).map((each, r) => (r === region ? t : each))]);
    this.viewer.set({ thresholds: { ...this.viewer.view.thresholds, ...Object.fromEntries(changed) } });
  }

  #reset() {
    this.viewer.set({ thresholds: {} });
    this.slider.focus();
  }
}
