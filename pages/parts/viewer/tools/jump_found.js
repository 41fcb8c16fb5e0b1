/** What there is to go to in a case: found once, kept while masks, regions and planes stay as they are. */

import { chosenOf } from "../around/layouts.js";
import { bySize, bySlice, peaksOf, stopsAt } from "../around/seek.js";
import { referenceOf } from "../around/story.js";
import { blockOf, patchesOf } from "../drawing/components.js";
import { AXIS } from "../drawing/geometry.js";
import { isMap, truthOf } from "../drawing/maps.js";
import { disagreementPerSlice, uncertaintyPerSlice } from "../drawing/heat.js";
import { EXTRA, MISSED, errorSlice } from "../drawing/masks.js";
import { sitesOf } from "../drawing/sites.js";

/** @import {Stop} from "../around/seek.js" */
/** @import {Mask} from "../drawing/masks.js" */
/** @import {Sought} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

/** An error that is gone to, unless somebody says otherwise. */
const LEAST_ML = 0.1;
const LEAST_VOXELS = 100;

const MOST_KEPT = 24;

export class Found {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {Map<string, Stop[]>} the oldest first */
    this.kept = new Map();
  }

  forget() {
    this.kept.clear();
  }

  /** @returns {string[]} masks that are not the ground truth */
  models() {
    const { data } = this.viewer;
    return Object.keys(data.masks).filter((name) => name !== truthOf(data));
  }

  /** @returns {string | null} whose errors are sought: what a panel shows, else the chosen model's */
  model() {
    const { data, view, panels } = this.viewer;
    const models = this.models();
    const maps = panels.flatMap(({ spec }) => (isMap(spec) ? (this.viewer.sources.map(spec) ?? []) : []));
    const errors = maps.find((map) => map.kind === "errors")?.of ?? null;
    const chosen = chosenOf(data, view)?.mask ?? null;
    return [errors, chosen].find((name) => name !== null && models.includes(name)) ?? models[0] ?? null;
  }

  /** @returns {string | null} the chosen model where it has probabilities, else the first that has */
  doubtful() {
    const { probabilities } = this.viewer.sources;
    return [this.model(), ...this.models()].find((name) => name !== null && probabilities.has(name)) ?? null;
  }

  /**
   * @param {Sought} sought
   * @returns {string | null} why it is not offered
   */
  trouble(sought) {
    const { data } = this.viewer;
    if (referenceOf(data) === null) return "this case has no mask";
    const hasErrors = truthOf(data) !== null && this.model() !== null;
    if (sought.endsWith("error") && !hasErrors) return "needs a ground truth and a model";
    if (sought === "disagreement" && this.models().length < 2) return "needs two models";
    if (sought === "uncertain" && this.doubtful() === null) return "no model's probabilities are kept";
    return null;
  }

  /** Ask for what is not fetched unless somebody wants it. */
  fetch() {
    const name = this.doubtful();
    if (name !== null) this.viewer.sources.probabilities.want([name]);
  }

  /** @returns {{least: number, unit: string}} of an error, as it is typed */
  limit() {
    const { view, ground } = this.viewer;
    const hasGeometry = ground?.affine != null;
    return { least: view.soughtLeast ?? (hasGeometry ? LEAST_ML : LEAST_VOXELS), unit: hasGeometry ? "ml" : "voxels" };
  }

  /**
   * @param {boolean} whole  a volume, else an area on one slice
   * @returns {{perVoxel: number, unit: string}}
   */
  measure(whole) {
    const { ground } = this.viewer;
    if (!ground?.affine) return { perVoxel: 1, unit: "voxels" };
    const [x, y, z] = ground.spacing;
    if (whole) return { perVoxel: (x * y * z) / 1000, unit: "ml" };
    return { perVoxel: (x * y * z) / ground.spacing[AXIS[this.viewer.attention.plane()]] / 100, unit: "cm²" };
  }

  /**
   * @param {Sought} sought
   * @returns {Stop[] | null} in the order of the keys; null while volumes are on their way
   */
  stops(sought) {
    const region = Math.max(0, this.viewer.view.visible.indexOf(true));
    if (sought === "lesion") return this.#lesions(region);
    if (sought === "disagreement") return this.#disagreements(region);
    if (sought === "uncertain") return this.#uncertain(region);
    const errors = this.#errors();
    return errors && (sought === "error" ? bySlice(errors) : bySize(errors));
  }

  /** @param {number} region */
  #lesions(region) {
    const mask = this.#whole(referenceOf(this.viewer.data));
    if (!mask) return null;
    const make = () => this.#patches(mask.manifest.full_shape[2], (z) => mask.slice("axial", z), region, 1, "");
    return this.#keep(`lesion ${mask.key} ${region}`, () => bySlice(make()));
  }

  #errors() {
    const [mask, truth] = [this.#whole(this.model()), this.#whole(truthOf(this.viewer.data))];
    if (!mask || !truth) return null;
    const region = this.viewer.view.errorRegion;
    const { least, unit } = this.limit();
    // a volume of exactly the limit counts, whatever the rounding
    const voxels = Math.max(1, Math.ceil((unit === "ml" ? least / this.measure(true).perVoxel : least) - 1e-6));
    return this.#keep(`error ${mask.key} ${truth.key} ${region} ${voxels}`, () => {
      const slices = Array.from({ length: mask.manifest.full_shape[2] }, (_, z) =>
        errorSlice(mask.slice("axial", z), truth.slice("axial", z), region),
      );
      const of = (/** @type {number} */ bit, /** @type {string} */ kind) =>
        this.#patches(slices.length, (z) => slices[z], bit, voxels, kind);
      return [...of(EXTRA, "too much"), ...of(MISSED, "missed")];
    });
  }

  /** @param {number} region */
  #disagreements(region) {
    const masks = this.models().map((name) => this.#whole(name));
    if (!masks.every((mask) => mask !== null)) return null;
    const key = masks.map((mask) => mask.key).join(" ");
    const axis = AXIS[this.viewer.attention.plane()];
    return this.#keep(`disagreement ${key} ${region}`, () => peaksOf(disagreementPerSlice(masks, region)[axis]));
  }

  /** @param {number} region */
  #uncertain(region) {
    const name = this.doubtful();
    this.fetch();
    const volume = name === null ? null : this.viewer.sources.probabilities.whole(name)?.[region];
    if (!volume) return null;
    const axis = AXIS[this.viewer.attention.plane()];
    return this.#keep(`uncertain ${volume.hash}`, () => peaksOf(uncertaintyPerSlice(volume)[axis]));
  }

  /**
   * @param {number} depth
   * @param {(z: number) => import("../drawing/masks.js").MaskSlice | null} sliceAt
   * @param {number} bit
   * @param {number} least  voxels
   * @param {string} kind
   * @returns {Stop[]}
   */
  #patches(depth, sliceAt, bit, least, kind) {
    const block = blockOf(depth, sliceAt, 1 << bit);
    if (!block) return [];
    const spacing = this.viewer.ground?.spacing ?? [1, 1, 1];
    const plane = this.viewer.attention.plane();
    return stopsAt(sitesOf(block, patchesOf(block), plane, spacing, least), plane, kind);
  }

  /** @param {string | null} name @returns {Mask | null} */
  #whole(name) {
    const mask = name === null ? null : this.viewer.sources.mask(name);
    return mask?.whole ? mask : null;
  }

  /**
   * @param {string} key  without the plane
   * @param {() => Stop[]} make
   */
  #keep(key, make) {
    const full = `${this.viewer.attention.plane()} ${key}`;
    const stops = this.kept.get(full) ?? make();
    this.kept.delete(full);
    this.kept.set(full, stops);
    if (this.kept.size > MOST_KEPT) this.kept.delete(/** @type {string} */ (this.kept.keys().next().value));
    return stops;
  }
}
