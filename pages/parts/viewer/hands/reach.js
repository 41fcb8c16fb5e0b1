/** What hands and keys do to a viewer. */

import { AXIS, clampVoxel, toVoxel } from "../drawing/geometry.js";
import { nextSlice, nextMode, panned, reset, rewindowed, toggled, zoomed } from "../view.js";
import { stopsOf } from "../around/story.js";
import { BY_HAND } from "../drawing/window.js";

/** @import {Reach} from "./hands.js" */
/** @import {Deeds} from "./keys.js" */
/** @import {Panel} from "../drawing/panel.js" */
/** @import {Triple} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

/**
 * @param {Viewer} viewer
 * @returns {Reach}
 */
export function handsOf(viewer) {
  return {
    touched: () => viewer.touched(),
    hover: (panel, x, y) => viewer.hover(panel, x, y),
    scroll: (panel, slices) => {
      const plane = panel.planeIn(viewer.view);
      viewer.goTo(plane, viewer.view.cursor[AXIS[plane]] + slices);
    },
    point: (panel, x, y) => {
      const scene = viewer.scene();
      if (scene) viewer.set({ cursor: clampVoxel(panel.voxelAt(scene, x, y), scene.shape) });
    },
    window: (panel, dx, dy) => {
      const name = panel.imageIn(viewer.view);
      const range = rewindowed(viewer.range(name), viewer.automatic(name), dx, dy);
      viewer.set({ windows: { ...viewer.view.windows, [name]: { name: BY_HAND, range } } });
    },
    pan: (panel, dx, dy) => {
      const scene = viewer.scene();
      if (scene) viewer.set(panned(panel.placement(scene), middleOf(viewer), dx, dy));
    },
    zoom: (panel, x, y, factor) => zoomAt(viewer, panel, x, y, factor),
  };
}

/**
 * @param {Viewer} viewer
 * @returns {Deeds}
 */
export function keysOf(viewer) {
  const slice = () => viewer.view.cursor[AXIS[viewer.plane()]];
  const last = () => (viewer.ground?.shape[AXIS[viewer.plane()]] ?? 1) - 1;
  const moved = (/** @type {number} */ to) => {
    viewer.touched();
    viewer.goTo(viewer.plane(), to);
  };
  return {
    scroll: (slices) => moved(slice() + slices),
    goTo: (end) => moved(end === "first" ? 0 : last()),
    plane: (plane) => viewer.set({ plane }),
    toggle: (region) => viewer.set(toggled(viewer.view, region)),
    nextMode: () => viewer.set(nextMode(viewer.view)),
    flicker: () => viewer.motion.toggleFlicker(),
    jump: (direction) => {
      const stops = stopsOf(viewer.data, viewer.view, viewer.tally, viewer.plane());
      const next = stops ? nextSlice(slice(), direction, stops.counts) : null;
      if (next !== null) moved(next);
    },
    zoom: (factor) => {
      const panel = viewer.active ?? viewer.panels[0];
      if (panel) zoomAt(viewer, panel, panel.canvas.width / 2, panel.canvas.height / 2, factor);
    },
    mirror: () => viewer.set({ radiological: !viewer.view.radiological }),
    reset: () => viewer.set(reset(viewer.view)),
    help: () => viewer.toggleHelp(),
    tools: () => viewer.toggleTools(),
    escape: () => {
      if (viewer.tools.some((tool) => tool.escape?.())) return true;
      const open = viewer.view.help;
      if (open) viewer.toggleHelp();
      return open;
    },
  };
}

/**
 * @param {Viewer} viewer
 * @param {Panel} panel
 * @param {number} x
 * @param {number} y
 * @param {number} factor
 */
function zoomAt(viewer, panel, x, y, factor) {
  const scene = viewer.scene();
  if (!scene) return;
  const placement = panel.placement(scene);
  const pinned = toVoxel(placement, x, y, scene.view.cursor);
  viewer.set(zoomed(viewer.view, placement, middleOf(viewer), pinned, factor));
}

/** @param {Viewer} viewer @returns {Triple} the voxel in the middle of every panel */
function middleOf(viewer) {
  const { view, ground } = viewer;
  if (view.centre) return view.centre;
  if (!ground) return view.cursor;
  const { start, stop } = ground.box;
  const middle = (/** @type {0 | 1 | 2} */ axis) => (start[axis] + stop[axis] - 1) / 2;
  return [middle(0), middle(1), middle(2)];
}
