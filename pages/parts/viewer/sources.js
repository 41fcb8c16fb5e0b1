/** What panels and tools draw from: the volumes, masks, maps and windows of what is shown. */

import { GrowingVolume } from "./data/growing_volume.js";
import { ProbabilityVolumes } from "./data/probabilities.js";
import * as library from "./data/library.js";
import { isMap, mapOf } from "./drawing/maps.js";
import { Outlines, storedMask } from "./drawing/masks.js";
import { Slices } from "./drawing/slices.js";
import { Thresholded } from "./drawing/thresholded.js";

/** @import {AnyVolume} from "./data/library.js" */
/** @import {ShownMap} from "./drawing/maps.js" */
/** @import {Mask} from "./drawing/masks.js" */
/** @import {Scene} from "./drawing/panel.js" */
/** @import {DoubtKind, PanelSpec, VolumeRef} from "./types.js" */
/** @import {Viewer} from "./viewer.js" */

/** Hounsfield units. A window of 400 around 50, customary for soft tissue. @type {[number, number]} */
const SOFT_TISSUE = [-150, 250];
const AIR_BELOW = -200;

export class Sources {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.slices = new Slices();
    /** Masks that grew, by name: shown until the whole one that takes their place is here. @type {Map<string, AnyVolume>} */
    this.grown = new Map();
    this.outlines = new Outlines();
    this.probabilities = new ProbabilityVolumes(viewer, (name) => viewer.data.probabilities[name]?.regions);
    this.doubts = {
      entropy: new ProbabilityVolumes(viewer, (name) => viewer.data.uncertainty?.[name]?.entropy),
      disagreement: new ProbabilityVolumes(viewer, (name) => viewer.data.uncertainty?.[name]?.disagreement),
    };
    this.thresholded = new Thresholded(() => viewer.draw());
    const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
    this.sheet = { context, width: 0, height: 0, ratio: 1 };
  }

  /** @param {"images" | "masks"} kind @param {string} name @returns {AnyVolume | null} */
  volume(kind, name) {
    const volume = library.look(this.viewer.data[kind][name]?.hash)?.volume ?? null;
    const grown = kind === "masks" ? this.grown.get(name) : undefined;
    if (!grown) return volume;
    if (!volume?.whole && !(volume instanceof GrowingVolume)) return grown;
    this.grown.delete(name);
    return volume;
  }

  /** @param {Record<string, VolumeRef>} before @param {Record<string, VolumeRef>} masks  that take their places */
  replace(before, masks) {
    for (const [name, { hash }] of Object.entries(masks)) {
      const old = library.look(before[name]?.hash)?.volume;
      if (old instanceof GrowingVolume && old.hash !== hash) this.grown.set(name, old);
    }
  }

  /** @param {string} name @returns {Mask | null} */
  mask(name) {
    const thresholds = this.viewer.view.thresholds[name];
    const probabilities = thresholds && this.probabilities.whole(name);
    if (probabilities) return this.thresholded.of(name, probabilities, thresholds);
    const volume = this.volume("masks", name);
    return volume && storedMask(volume);
  }

  /** @returns {VolumeRef[]} of everything that was asked for besides images and masks */
  asked() {
    return [this.probabilities, ...Object.values(this.doubts)].flatMap((volumes) => volumes.refs());
  }

  /** Another case: what was asked for belongs to the last one. */
  forget() {
    this.grown.clear();
    for (const volumes of [this.probabilities, ...Object.values(this.doubts)]) volumes.forget();
  }

  /** @param {DoubtKind | null} doubt  null: it is made here of probabilities */
  behind(doubt) {
    return doubt === null ? this.probabilities : this.doubts[doubt];
  }

  /** @param {PanelSpec} spec  of a map panel @returns {ShownMap | null} null where there is no model */
  map(spec) {
    const onScreen = this.viewer.panels.filter((panel) => !isMap(panel.spec)).map((panel) => panel.spec.mask);
    return mapOf(spec, this.viewer.data, this.viewer.view, onScreen);
  }

  /** @param {string} name  of an image @returns {[number, number]} */
  automatic(name) {
    const { windows, images } = this.viewer.data;
    const manifest = this.volume("images", name)?.manifest;
    // most of a CT is air and table: its percentiles show nothing; some images of CTs are pictures without Hounsfield units
    const isHounsfield = images[name]?.kind === "ct" && manifest && manifest.range[0] < AIR_BELOW;
    return windows[name] ?? (isHounsfield ? SOFT_TISSUE : (manifest?.window ?? [0, 1]));
  }

  /** @param {string} name @returns {[number, number]} */
  range(name) {
    return this.viewer.view.windows[name]?.range ?? this.automatic(name);
  }

  /** @returns {Scene | null} null until a volume has said how large it is */
  scene() {
    if (!this.viewer.ground || !this.viewer.settled) return null;
    return {
      view: this.viewer.view,
      regions: this.viewer.data.regions,
      ...this.viewer.ground,
      image: (name) => this.volume("images", name),
      mask: (name) => this.mask(name),
      behind: (doubt, name, region) => this.behind(doubt).volume(name, region),
      map: (spec) => this.map(spec),
      range: (name) => this.range(name),
      slices: this.slices,
      outlines: this.outlines,
      sheet: this.sheet,
      crosshair: this.viewer.data.crosshair && !this.viewer.view.playing,
    };
  }
}
