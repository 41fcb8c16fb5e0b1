/** One panel: a canvas with words over it. */

import { layoutOf, place, toVoxel } from "./geometry.js";
import { paintMap } from "./map_paint.js";
import { MAP_TITLES, isMap } from "./maps.js";
import * as lettering from "./lettering.js";
import * as paint from "./paint.js";
import { between, dividerAt } from "./swipe.js";
import { capital, element, fitCanvas } from "../around/dom.js";

/** @import {DoubtKind, PanelSpec, Plane, Region, Triple, View} from "../types.js" */
/** @import {ShownMap} from "./maps.js" */
/** @import {Mask, Outlines} from "./masks.js" */
/** @import {Slices} from "./slices.js" */
/** @import {Placement} from "./geometry.js" */
/** @import {AnyVolume} from "../data/library.js" */

/**
 * What every panel of a viewer draws from.
 *
 * @typedef {object} Scene
 * @property {View} view
 * @property {Region[]} regions
 * @property {Triple} shape
 * @property {number[][] | null} affine
 * @property {Triple} spacing
 * @property {{start: Triple, stop: Triple}} box
 * @property {(name: string) => AnyVolume | null} image
 * @property {(name: string) => Mask | null} mask
 * @property {(doubt: DoubtKind | null, name: string, region: number) => AnyVolume | null} behind  what a map of
 *   uncertainty is drawn from, as far as it has come: a saved map, or q of one region
 * @property {(spec: PanelSpec) => ShownMap | null} map  what a map panel shows
 * @property {(name: string) => [number, number]} range  window of an image
 * @property {Slices} slices
 * @property {Outlines} outlines
 * @property {paint.Canvas} sheet
 * @property {boolean} crosshair
 */

export class Panel {
  /**
   * @param {PanelSpec} spec
   * @param {Region[]} regions
   */
  constructor(spec, regions) {
    this.spec = spec;
    this.surface = /** @type {HTMLCanvasElement} */ (element("canvas", { "aria-hidden": "true" }));
    this.title = element("strong");
    this.subtitle = element("span");
    this.heading = element("div", { class: "caption" }, this.title, " ", this.subtitle);
    this.message = element("p", { class: "message", role: "status", hidden: "" });
    this.scores = element(
      "dl",
      { class: "scores" },
      ...spec.scores.map(([name, text]) => {
        const term = element("dt", {}, name);
        term.style.color = regions.find((region) => region.name === name)?.colour ?? "";
        return element("div", { "data-region": name }, term, " ", element("dd", {}, text));
      }),
    );
    this.element = element(
      "div",
      { class: "panel", role: "group" },
      this.surface,
      this.heading,
      this.scores,
      this.message,
    );
    const context = /** @type {CanvasRenderingContext2D} */ (this.surface.getContext("2d", { alpha: false }));
    /** @type {paint.Canvas} */
    this.canvas = { context, width: 0, height: 0, ratio: 1 };
  }

  /**
   * @param {number} width  CSS pixels
   * @param {number} height
   */
  resize(width, height) {
    fitCanvas(this.canvas, width, height);
  }

  /** @param {View} view @returns {Plane} */
  planeIn(view) {
    return this.spec.plane ?? view.plane;
  }

  /** @param {View} view */
  imageIn(view) {
    return this.spec.image ?? view.image;
  }

  /** @param {Scene} scene */
  placement(scene) {
    const layout = layoutOf(this.planeIn(scene.view), scene.affine !== null, scene.view.radiological);
    const { width, height } = this.canvas;
    const { spacing, box, view } = scene;
    return place({ layout, spacing, box, width, height, zoom: view.zoom, centre: view.centre });
  }

  /**
   * @param {Scene} scene
   * @param {number} x  CSS pixels from the panel's corner
   * @param {number} y
   * @returns {Triple} voxel, not rounded
   */
  voxelAt(scene, x, y) {
    return toVoxel(this.placement(scene), x, y, scene.view.cursor);
  }

  /** @param {Scene} scene @returns {Placement} where it was drawn */
  draw(scene) {
    const { view } = scene;
    const placement = this.placement(scene);
    const plane = this.planeIn(view);
    const index = paint.sliceOf(view, plane);
    const name = this.imageIn(view);
    const volume = scene.image(name);
    paint.clear(this.canvas);
    if (volume) {
      const slice = scene.slices.grey(volume, plane, index, scene.range(name));
      const dim = isMap(this.spec);
      if (slice) {
        if (slice.ground !== "rgb(0, 0, 0)") paint.paintGround(this.canvas, placement, scene.shape, slice.ground);
        paint.paintSlice(this.canvas, placement, slice, dim);
        if (slice.step === 2) lettering.paintHalf(this.canvas);
      }
    }
    if (!view.overlayOff || this.spec.beside) this.#overlay(scene, placement, plane, index);
    if (scene.crosshair) paint.paintCrosshair(this.canvas, placement, view.cursor);
    lettering.paintLetters(this.canvas, placement);
    if (scene.affine) lettering.paintScaleBar(this.canvas, placement.pixelsPerMm);
    return placement;
  }

  /**
   * @param {Scene} scene
   * @param {Placement} placement
   * @param {Plane} plane
   * @param {number} index
   */
  #overlay(scene, placement, plane, index) {
    const { view } = scene;
    if (isMap(this.spec)) {
      const map = scene.map(this.spec);
      if (map) paintMap(this.canvas, scene, placement, map, plane, index);
      return;
    }
    const { mask, beside } = this.spec;
    if (!beside) return this.#masks(scene, placement, plane, index, mask);
    const { width } = this.canvas;
    const divider = dividerAt(view, width);
    between(this.canvas, 0, divider, () => this.#masks(scene, placement, plane, index, mask));
    between(this.canvas, divider, width, () => this.#masks(scene, placement, plane, index, beside));
  }

  /**
   * @param {Scene} scene
   * @param {Placement} placement
   * @param {Plane} plane
   * @param {number} index
   * @param {string | null} name
   */
  #masks(scene, placement, plane, index, name) {
    const { view, regions, outlines } = scene;
    const mask = name === null ? null : scene.mask(name);
    if (!mask) return;
    const exact = Math.min(Math.abs(placement.uStep), Math.abs(placement.vStep)) >= paint.EXACT_FROM;
    const key = `${mask.key} ${plane} ${index}`;
    const slice = lazily(() => mask.slice(plane, index));
    const layers = [];
    for (let bit = 0; bit < regions.length; bit++) {
      const outline = view.visible[bit] ? outlines.of(key, bit, exact, slice) : null;
      if (outline) layers.push({ outline, colour: regions[bit].colour });
    }
    paint.paintMasks(this.canvas, scene.sheet, placement, layers, view);
  }

  /**
   * @param {View} view
   * @param {Region[]} regions
   * @param {ShownMap | null} map  of a map panel
   */
  caption(view, regions, map) {
    const fill = (/** @type {string} */ text) =>
      text
        .replaceAll("{image}", this.imageIn(view))
        .replaceAll("{region}", regions[view.errorRegion]?.title ?? "")
        .replaceAll("{plane}", capital(this.planeIn(view)));
    // renamed by hand, or beside other planes of the same map, it keeps its name
    const title = fill(map && this.spec.title === MAP_TITLES.errors ? MAP_TITLES[map.kind] : this.spec.title);
    const subtitle = fill(this.spec.subtitle);
    if (this.title.textContent !== title) this.title.textContent = title;
    if (this.subtitle.textContent !== subtitle) this.subtitle.textContent = subtitle;
    const said = [title, subtitle, ...this.spec.scores.map((score) => score.join(" "))].filter(Boolean).join(", ");
    if (this.element.getAttribute("aria-label") !== said) this.element.setAttribute("aria-label", said);
  }

  /** @param {string | null} sentence */
  say(sentence) {
    this.message.hidden = !sentence;
    if (this.message.textContent !== (sentence ?? "")) this.message.textContent = sentence ?? "";
  }
}

/**
 * @template T
 * @param {() => T} make
 * @returns {() => T} makes it once
 */
function lazily(make) {
  /** @type {{value: T} | null} */
  let made = null;
  return () => (made ??= { value: make() }).value;
}
