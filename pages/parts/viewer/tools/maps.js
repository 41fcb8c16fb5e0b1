/** What the map panel shows is chosen in it: the kind of map, of which model, against what, of which region. */

import { titleOf } from "../around/columns.js";
import { element, segmented } from "../around/dom.js";
import { entropyBits } from "../drawing/heat.js";
import { MAP_TITLES, isMap, truthOf } from "../drawing/maps.js";
import { mapLegend } from "./maps_legend.js";

/** @import {Panel} from "../drawing/panel.js" */
/** @import {DoubtKind, MapKind, Triple} from "../types.js" */
/** @import {ShownMap} from "../drawing/maps.js" */
/** @import {Viewer} from "../viewer.js" */
/** @import {Tool} from "./index.js" */

/** Before the region's buttons, as they are read out. @type {Record<MapKind, string>} */
const OF_REGION = {
  errors: "Errors of",
  agreement: "Agreement on",
  disagreement: "Disagreement on",
  uncertainty: "Uncertainty of",
};

/**
 * @param {Viewer} viewer
 * @returns {Tool}
 */
export function mapsTool(viewer) {
  /** @type {MapChoice[]} */
  let choices = [];
  const next = () => {
    const map = choices[0] && viewer.sources.map(choices[0].panel.spec);
    if (map) chooseKind(viewer, map.possible[(map.possible.indexOf(map.kind) + 1) % map.possible.length]);
  };
  return {
    shortcuts: [{ key: "e", label: "E", what: "map panel: errors, agreement, disagreement, uncertainty", run: next }],
    furnish: () => {
      choices = viewer.panels.filter((panel) => isMap(panel.spec)).map((panel) => new MapChoice(viewer, panel));
    },
    show: () => choices.forEach((choice) => choice.show()),
  };
}

/** @type {Record<DoubtKind, string>} */
const DOUBT_TITLES = { entropy: "entropy of the mean", disagreement: "disagreement" };

/**
 * What stands behind the heat at a voxel: the probability, and its entropy; or the number of a saved map.
 *
 * @param {Viewer} viewer
 * @param {Triple} voxel
 * @returns {[string, string][]} model and region, and the numbers
 */
export function doubtsAt(viewer, voxel) {
  const maps = viewer.panels.flatMap(({ spec }) => (isMap(spec) ? (viewer.sources.map(spec) ?? []) : []));
  return maps.flatMap(({ kind, of, region, doubt }) => {
    const q = kind === "uncertainty" ? viewer.sources.behind(doubt).volume(of, region)?.stored(voxel) : undefined;
    if (q === undefined) return [];
    const whose = `${titleOf(viewer.data, viewer.view, of)} ${viewer.data.regions[region].name}`;
    const saved = viewer.data.uncertainty?.[of];
    if (doubt !== null && saved) return [[whose, `${DOUBT_TITLES[doubt]} ${((q / 255) * saved.bits).toFixed(2)} bit`]];
    return [[whose, `p ${(q / 255).toFixed(2)}, ${entropyBits(q).toFixed(2)} bit`]];
  });
}

/** @param {Viewer} viewer @param {MapKind} map */
function chooseKind(viewer, map) {
  viewer.set({ map });
}

/**
 * Errors are agreement with the truth: choosing the other side chooses the kind.
 *
 * @param {Viewer} viewer
 * @param {string} name  of a mask
 */
function chooseAgainst(viewer, name) {
  const isTruth = name === truthOf(viewer.data);
  viewer.set(isTruth ? { map: "errors" } : { map: "agreement", against: name });
}

class MapChoice {
  /**
   * @param {Viewer} viewer
   * @param {Panel} panel
   */
  constructor(viewer, panel) {
    this.viewer = viewer;
    this.panel = panel;
    this.told = "";
    this.kind = picker("Map", (kind) => chooseKind(viewer, /** @type {MapKind} */ (kind)));
    this.kind.element.classList.add("map-kind");
    this.of = picker("Map of", (mapOf) => viewer.set({ mapOf }));
    this.against = picker("Map against", (name) => chooseAgainst(viewer, name));
    this.between = element("span", { class: "map-between" }, "against");
    this.all = element("span");
    this.by = picker("Uncertainty as", (doubt) => viewer.set({ doubt: /** @type {DoubtKind} */ (doubt) }));
    this.who = element("div", { class: "map-who" }, this.of.element, this.between, this.against.element, this.by.element, this.all);
    const regions = viewer.data.regions.map(({ name, title }, index) => ({ value: String(index), text: name, title }));
    this.regions = segmented("Errors of", regions, (index) => viewer.set({ errorRegion: Number(index) }));
    this.regions.element.classList.add("choice");
    this.regions.element.hidden = regions.length < 2;
    this.legend = element("div", { class: "map-legend" });
    panel.element.classList.add("map-panel");
    panel.element.append(this.kind.element, this.who, this.regions.element, this.legend);
    for (const part of [this.kind.element, this.who]) {
      // a hand on a choice does not move the crosshair
      part.addEventListener("pointerdown", (event) => event.stopPropagation());
    }
  }

  show() {
    const { viewer, panel } = this;
    const map = viewer.sources.map(panel.spec);
    for (const part of [this.kind.element, this.who, this.legend]) part.hidden = !map;
    this.regions.show(String(viewer.view.errorRegion));
    if (!map) return;
    const behind = viewer.sources.behind(map.doubt);
    if (map.kind === "uncertainty") behind.want([map.of]);
    const share = map.kind === "uncertainty" ? behind.share([map.of]) : 1;
    const trouble = this.#trouble(map);
    const titles = viewer.view.columns.titles;
    const told = JSON.stringify([map, Math.floor(share * 100), trouble, titles, panel.title.textContent, panel.canvas.width]);
    if (told === this.told) return;
    this.told = told;
    this.#tell(map, share, trouble);
  }

  /**
   * @param {ShownMap} map
   * @returns {string | null} why there is nothing to see
   */
  #trouble({ kind, of, against, models, doubt }) {
    const { viewer } = this;
    if (kind === "uncertainty") return viewer.sources.behind(doubt).trouble([of]);
    const masks = kind === "disagreement" ? models : [of, ...(against === null ? [] : [against])];
    const large = masks.some((name) => viewer.sources.volume("masks", name)?.manifest.half);
    return large ? "These masks are too large to be compared in a browser." : null;
  }

  /**
   * @param {ShownMap} map
   * @param {number} share  of the probabilities that are here
   * @param {string | null} trouble
   */
  #tell(map, share, trouble) {
    const { kind, possible, of, choices, against, models, doubt, doubts } = map;
    const { data, view } = this.viewer;
    const named = (/** @type {string} */ name) => titleOf(data, view, name);
    const options = (/** @type {string[]} */ names) =>
      names.map((name) => /** @type {[string, string]} */ ([name, named(name)]));
    this.kind.show(possible.map((each) => [each, MAP_TITLES[each]]), kind);
    // it lies over the panel's title
    this.kind.element.style.width = `${this.panel.title.offsetWidth + 4}px`;
    this.regions.element.setAttribute("aria-label", OF_REGION[kind]);
    const single = kind !== "disagreement";
    this.of.element.hidden = !single;
    this.of.show(options(choices), of);
    this.between.hidden = this.against.element.hidden = against === null;
    const others = Object.keys(data.masks).filter((name) => name !== of);
    this.against.show(options(others), against ?? "");
    this.by.element.hidden = doubt === null;
    this.by.show(doubts.map((each) => [each, DOUBT_TITLES[each]]), doubt ?? "");
    this.all.textContent = single ? "" : `${models.length} models`;
    this.legend.classList.toggle("stacked", against !== null);
    const sides = { of: named(of), against: named(against ?? "") };
    const saved = doubt === null ? undefined : data.uncertainty?.[of];
    this.legend.replaceChildren(...(trouble === null ? mapLegend({ ...map, ...sides }, share, saved) : [trouble]));
  }
}

/**
 * A choice that reads like a word in a caption.
 *
 * @param {string} label
 * @param {(value: string) => void} choose
 * @returns {{element: HTMLElement, show: (options: [string, string][], value: string) => void}}
 */
function picker(label, choose) {
  const word = element("span", { "aria-hidden": "true" });
  const select = /** @type {HTMLSelectElement} */ (element("select", { "aria-label": label }));
  select.addEventListener("change", () => choose(select.value));
  const holder = element("span", { class: "picker" }, word, select);
  const show = (/** @type {[string, string][]} */ options, /** @type {string} */ value) => {
    const made = options.map(([each, text]) => element("option", { value: each }, text));
    select.replaceChildren(...made);
    select.value = value;
    word.textContent = options.find(([each]) => each === value)?.[1] ?? "";
  };
  return { element: holder, show };
}
