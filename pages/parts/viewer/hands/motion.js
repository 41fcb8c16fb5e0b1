/** Playing and flickering, as one viewer does them. */

import { AXIS } from "../drawing/geometry.js";
import { makeFlicker, makePlay, prefersStillness } from "./play.js";
import { eventfulSlices } from "../around/story.js";

/** @import {View} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

/** Slices before and after the tumour that are played too. */
const AROUND = 3;

export class Motion {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.play = makePlay(
      () => this.stretch(),
      (slice) => viewer.goTo(viewer.attention.plane(), slice),
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
      viewer.set(viewer.view.swipe ? nextSide(viewer.view) : { overlayOff: !viewer.view.overlayOff });
      return;
    }
    const flickering = !viewer.view.flickering;
    viewer.set({ flickering });
    if (flickering) this.flicker.start();
    else this.flicker.stop();
  }

  stopFlicker() {
    this.viewer.set({ flickering: false });
    this.flicker.stop();
  }

  stop() {
    this.play.stop();
    this.flicker.stop();
  }

  /** The tumour with a few slices around it; without one, the whole head. */
  stretch() {
    const { ground, settled, view, data, tally } = this.viewer;
    if (!ground || !settled) return null;
    const plane = this.viewer.attention.plane();
    const axis = AXIS[plane];
    const slice = view.cursor[axis];
    if (data.stops) return { plane, slice, first: 0, last: ground.shape[axis] - 1 };
    let first = ground.box.start[axis];
    let last = ground.box.stop[axis] - 1;
    const counts = eventfulSlices(data, view, tally, plane) ?? [];
    const filled = Array.from(counts, (count, slice) => (count ? slice : -1)).filter((slice) => slice >= 0);
    if (filled.length) {
      first = Math.max(first, filled[0] - AROUND);
      last = Math.min(last, filled[filled.length - 1] + AROUND);
    }
    return { plane, slice, first, last };
  }
}

/**
 * One press after another: the left mask everywhere, the right one, the divider again.
 *
 * @param {View} view
 * @returns {Partial<View>}
 */
function nextSide({ flickering, overlayOff }) {
  if (!flickering) return { flickering: true, overlayOff: false };
  return overlayOff ? { flickering: false, overlayOff: false } : { overlayOff: true };
}
