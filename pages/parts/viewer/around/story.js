/** What the strip tells: areas of the reference and of each model, and where their errors are. */

import { AXIS } from "../drawing/geometry.js";
import { titleOf } from "./columns.js";
import { areasOf, errorsOf } from "../drawing/masks.js";

/** @import {Curve} from "./strip.js" */
/** @import {Plane, Triple, View, ViewerData} from "../types.js" */
/** @import {Mask} from "../drawing/masks.js" */

/** Whatever the page writes in, on light ground or dark. */
export const TEXT = "text";
/** Lines of the models, told apart by their dashes too. */
const MODEL_COLOURS = [TEXT, "#cc79a7", "#9fd3a8", "#8d98a6", "#d55e00", "#b6a6ff", "#c9b458", "#7fb3d1"];

/** Counts that are kept; a case with eight models and their errors in three regions needs 33. */
const MOST_TALLIES = 96;

export class Tally {
  /** @param {(name: string) => Mask | null} mask */
  constructor(mask) {
    this.mask = mask;
    /** @type {Map<string, Uint32Array[][]>} */
    this.areas = new Map();
    /** @type {Map<string, Uint32Array[]>} */
    this.errors = new Map();
  }

  /**
   * @param {string} name  of a mask
   * @param {number} regions
   * @returns {Uint32Array[][] | null} voxels by [axis][region][slice]; null until the mask is whole
   */
  areaOf(name, regions) {
    const mask = this.mask(name);
    if (!mask?.whole) return null;
    return kept(this.areas, mask.key, () => areasOf(mask, regions));
  }

  /**
   * @param {string} name
   * @param {string} reference
   * @param {number} region
   * @returns {Uint32Array[] | null} voxels by [axis][slice]; null until both masks are whole
   */
  errorOf(name, reference, region) {
    const [mask, truth] = [this.mask(name), this.mask(reference)];
    if (!mask?.whole || !truth?.whole) return null;
    return kept(this.errors, `${mask.key} ${truth.key} ${region}`, () => errorsOf(mask, truth, region));
  }
}

/**
 * @param {ViewerData} data
 * @returns {string | null} the mask that the others are measured against
 */
export function referenceOf(data) {
  return data.reference ?? data.panels.find((panel) => panel.error_against)?.error_against ?? Object.keys(data.masks)[0] ?? null;
}

/**
 * @param {ViewerData} data
 * @param {View} view
 * @param {Tally} tally
 * @param {Plane} plane
 * @param {Triple | null} spacing  mm, null without geometry
 * @returns {{curves: Curve[], unit: string, what: string}}
 */
export function curvesOf(data, view, tally, plane, spacing) {
  const reference = referenceOf(data);
  const axis = AXIS[plane];
  const perVoxel = spacing ? (spacing[0] * spacing[1] * spacing[2]) / spacing[axis] / 100 : 1;
  const unit = spacing ? "cm²" : "voxels";
  const count = data.regions.length;
  const outer = Math.max(0, view.visible.indexOf(true));
  const inner = view.visible.lastIndexOf(true);
  /** @type {Curve[]} */
  const curves = [];
  /** @type {(mask: string, counts: Uint32Array | undefined, colour: string, kind: Curve["kind"]) => void} */
  const add = (mask, counts, colour, kind) => {
    const values = counts && Float32Array.from(counts, (n) => n * perVoxel);
    if (values) curves.push({ name: titleOf(data, view, mask), colour, kind, values });
  };
  const error = view.told === "error" && Object.keys(data.masks).length > 1;
  const what = error ? `${data.regions[view.errorRegion]?.title} error` : `${data.regions[outer]?.title} area`;
  if (reference === null || !count) return { curves, unit, what };
  const area = (/** @type {string} */ mask, /** @type {number} */ region) => tally.areaOf(mask, count)?.[axis][region];
  const models = Object.keys(data.masks).filter((name) => name !== reference);
  const colours = models.map((_, index) => MODEL_COLOURS[index % MODEL_COLOURS.length]);
  if (error) {
    const wrong = (/** @type {string} */ mask) => tally.errorOf(mask, reference, view.errorRegion)?.[axis];
    models.forEach((name, index) => add(name, wrong(name), colours[index], "dashed"));
    return { curves, unit, what };
  }
  add(reference, area(reference, outer), data.regions[outer].colour, "filled");
  if (inner > outer) add(reference, area(reference, inner), data.regions[inner].colour, "area");
  models.forEach((name, index) => add(name, area(name, outer), colours[index], "dashed"));
  return { curves, unit, what };
}

/**
 * Slices that are worth playing: with an error where errors are shown, else with tumour.
 *
 * @param {ViewerData} data
 * @param {View} view
 * @param {Tally} tally
 * @param {Plane} plane
 * @returns {ArrayLike<number> | null} how much there is, per slice
 */
export function eventfulSlices(data, view, tally, plane) {
  const axis = AXIS[plane];
  const wrong = data.panels
    .filter((panel) => panel.mask && panel.error_against)
    .map((panel) => tally.errorOf(String(panel.mask), String(panel.error_against), view.errorRegion)?.[axis])
    .filter((counts) => counts !== undefined);
  if (wrong.length) return sum(wrong);
  const reference = referenceOf(data);
  const areas = reference === null ? null : tally.areaOf(reference, data.regions.length);
  if (!areas) return null;
  return sum(areas[axis].filter((_, region) => view.visible[region]));
}

/**
 * @template T
 * @param {Map<string, T>} known  the oldest first, so many that thresholds can be tried without end
 * @param {string} key
 * @param {() => T} make
 * @returns {T}
 */
function kept(known, key, make) {
  const value = known.get(key) ?? make();
  known.delete(key);
  known.set(key, value);
  if (known.size > MOST_TALLIES) known.delete(/** @type {string} */ (known.keys().next().value));
  return value;
}

/** @param {Uint32Array[]} lists */
function sum(lists) {
  const total = new Uint32Array(lists[0]?.length ?? 0);
  for (const list of lists) list.forEach((value, index) => (total[index] += value));
  return total;
}
