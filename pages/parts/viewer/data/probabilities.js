/** What masks were made from, and how sure it was: fetched when somebody asks for it, let go with the case. */

import * as library from "./library.js";
import { loadedShare } from "./supply.js";

/** @import {VolumeRef} from "../types.js" */
/** @import {AnyVolume} from "./library.js" */
/** @import {Viewer} from "../viewer.js" */

export class ProbabilityVolumes {
  /**
   * @param {Viewer} viewer
   * @param {(name: string) => VolumeRef[] | undefined} refsOf  a mask's volumes, one per region
   */
  constructor(viewer, refsOf) {
    this.viewer = viewer;
    this.refsOf = refsOf;
    /** @type {Set<string>} masks whose probabilities were asked for */
    this.asked = new Set();
  }

  /** @param {string} name  of a mask */
  has(name) {
    return this.refsOf(name) !== undefined;
  }

  /** @param {string[]} names  of masks; asking again costs nothing */
  want(names) {
    for (const name of names) {
      if (this.asked.has(name) || !this.has(name)) continue;
      this.asked.add(name);
      for (const ref of this.#refs(name)) library.acquire(this.viewer, this.viewer.data.base, ref);
    }
  }

  /** Another case: what was asked for belongs to the last one. */
  forget() {
    this.asked.clear();
  }

  /** @returns {VolumeRef[]} of everything that was asked for */
  refs() {
    return [...this.asked].flatMap((name) => this.#refs(name));
  }

  /**
   * @param {string} name
   * @returns {AnyVolume[] | null} one per region; null until all of them are whole
   */
  whole(name) {
    const volumes = this.#refs(name).map((ref) => library.look(ref.hash)?.volume);
    const there = volumes.filter((volume) => volume?.whole);
    return there.length && there.length === volumes.length ? /** @type {AnyVolume[]} */ (there) : null;
  }

  /** @param {string} name @returns {boolean} only parts of it can be in a browser at once */
  tooLarge(name) {
    return this.#refs(name).some((ref) => library.look(ref.hash)?.volume?.manifest.half);
  }

  /**
   * @param {string} name
   * @param {number} region
   * @returns {AnyVolume | null} as far as it has come
   */
  volume(name, region) {
    return library.look(this.#refs(name)[region]?.hash)?.volume ?? null;
  }

  /** @param {string[]} names @returns {number} 0 to 1 */
  share(names) {
    return loadedShare(new Set(names.flatMap((name) => this.#refs(name)).map((ref) => ref.hash)));
  }

  /** @param {string[]} names @returns {string | null} why they do not come */
  trouble(names) {
    const refs = names.flatMap((name) => this.#refs(name));
    return refs.map((ref) => library.look(ref.hash)?.trouble).find((sentence) => sentence) ?? null;
  }

  /** @param {string} name @returns {VolumeRef[]} */
  #refs(name) {
    return this.refsOf(name) ?? [];
  }
}
