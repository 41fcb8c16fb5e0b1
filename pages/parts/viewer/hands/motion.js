/** Playing and flickering, as one viewer does them. */

import { AXIS } from "../drawing/geometry.js";
import { makeFlicker, makePlay, prefersStillness } from "./play.js";
import { stopsOf } from "../around/story.js";

/** @import {Viewer} from "../viewer.js" */

/** Slices before and after the tumour that are played too. */
const AROUND = 3;

export class Motion {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.play = makePlay(
      () => this.#playable(),
      (slice) => viewer.goTo(viewer.view.plane, slice),
    );
    this.flicker = makeFlicker(
      (overlayOff) => viewer.set({ overlayOff }),
      () => viewer.view.playing,
    );
  }

  /** @param {boolean} playing */
  setPlaying(playing) {
    const { viewer } = this;
    viewer.set({ playing });
    if (playing) this.play.start();
    else this.play.stop();
    if (playing && viewer.data.flicker) this.flicker.start();
    else if (!viewer.view.flickering) this.flicker.stop();
  }

  /** With a wish for less motion, each press shows or hides the overlay instead. */
  toggleFlicker() {
    const { viewer } = this;
    if (prefersStillness()) {
      viewer.set({ overlayOff: !viewer.view.overlayOff });
      return;
    }
    const flickering = !viewer.view.flickering;
    viewer.set({ flickering });
    if (flickering) this.flicker.start();
    else this.flicker.stop();
  }

  stop() {
    this.play.stop();
    this.flicker.stop();
  }

  /** The tumour with a few slices around it; without one, the whole head. */
  #playable() {
    const { ground, settled, view, data, tally } = this.viewer;
    if (!ground || !settled) return null;
    const axis = AXIS[view.plane];
    let first = ground.box.start[axis];
    let last = ground.box.stop[axis] - 1;
    const counts = stopsOf(data, view, tally, view.plane)?.counts ?? [];
    const filled = Array.from(counts, (count, slice) => (count ? slice : -1)).filter((slice) => slice >= 0);
    if (filled.length) {
      first = Math.max(first, filled[0] - AROUND);
      last = Math.min(last, filled[filled.length - 1] + AROUND);
    }
    return { slice: view.cursor[axis], first, last };
  }
}
