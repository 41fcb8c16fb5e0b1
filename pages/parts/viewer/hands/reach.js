/** What hands and keys do to a viewer. */

import { AXIS, clampVoxel, toVoxel } from "../drawing/geometry.js";
import { fainter, nextMode, panned, reset, rewindowed, stepped, toggled, zoomed } from "../view.js";
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
    hover: (panel, x, y) => viewer.attention.hover(panel, x, y),
    scroll: (panel, slices) => {
      const plane = panel.planeIn(viewer.view);
      viewer.goTo(plane, viewer.view.cursor[AXIS[plane]] + slices);
    },
    point: (panel, x, y) => {
      const scene = viewer.sources.scene();
      if (scene) viewer.set({ cursor: clampVoxel(panel.voxelAt(scene, x, y), scene.shape), ...viewer.attention.chosenBy(panel) });
    },
    window: (panel, dx, dy) => window(viewer, panel, dx, dy),
    pan: (panel, dx, dy) => {
      const scene = viewer.sources.scene();
      if (scene) viewer.set(panned(panel.placement(scene), middleOf(viewer), dx, dy));
    },
    zoom: (panel, x, y, factor) => zoomAt(viewer, panel, x, y, factor),
    take: (panel, x, y) => {
      const tool = viewer.tools.find((each) => each.drag?.("start", panel, x, y));
      return tool ? (phase, over, overX, overY) => void tool.drag?.(phase, over, overX, overY) : null;
    },
  };
}

/**
 * @param {Viewer} viewer
 * @returns {Deeds}
 */
export function keysOf(viewer) {
  const slice = () => viewer.view.cursor[AXIS[viewer.attention.plane()]];
  const last = () => (viewer.ground?.shape[AXIS[viewer.attention.plane()]] ?? 1) - 1;
  const moved = (/** @type {number} */ to) => {
    viewer.touched();
    viewer.goTo(viewer.attention.plane(), to);
  };
  return {
    scroll: (slices) => moved(slice() + slices),
    goTo: (end) => moved(end === "first" ? 0 : last()),
    // where the third axis is not space, the other planes show nothing
    plane: (plane) => !viewer.data.stops && viewer.attention.toPlane(plane),
    toggle: (region) => viewer.set(toggled(viewer.view, region)),
    nextMode: () => viewer.set(nextMode(viewer.view)),
    flicker: () => viewer.motion.toggleFlicker(),
    zoom: (factor) => {
      const panel = viewer.attention.panel();
      if (panel) zoomAt(viewer, panel, panel.canvas.width / 2, panel.canvas.height / 2, factor);
    },
    cross: (right, down) => {
      const [panel, scene] = [viewer.attention.panel(), viewer.sources.scene()];
      if (panel && scene) viewer.set(stepped(viewer.view, panel.placement(scene).layout, right, down, scene.shape));
    },
    pan: (right, down) => {
      const [panel, scene] = [viewer.attention.panel(), viewer.sources.scene()];
      if (panel && scene) viewer.set(panned(panel.placement(scene), middleOf(viewer), right, down));
    },
    window: (wider, darker) => {
      const panel = viewer.attention.panel();
      if (panel) window(viewer, panel, wider, darker);
    },
    opacity: (by) => viewer.set(fainter(viewer.view, by)),
    nextPanel: (step) => viewer.attention.nextPanel(step),
    mirror: () => viewer.set({ radiological: !viewer.view.radiological }),
    reset: () => viewer.set(reset(viewer.view)),
    help: () => viewer.toggleHelp(),
    tools: () => viewer.toggleTools(),
    escape: () => {
      if (!viewer.view.help) return viewer.tools.some((tool) => tool.escape?.());
      viewer.toggleHelp();
      return true;
    },
  };
}

/**
 * @param {Viewer} viewer
 * @param {Panel} panel
 * @param {number} dx
 * @param {number} dy
 */
function window(viewer, panel, dx, dy) {
  const name = panel.imageIn(viewer.view);
  const range = rewindowed(viewer.sources.range(name), viewer.sources.automatic(name), dx, dy);
  viewer.set({ windows: { ...viewer.view.windows, [name]: { name: BY_HAND, range } } });
}

/**
 * @param {Viewer} viewer
 * @param {Panel} panel
 * @param {number} x
 * @param {number} y
 * @param {number} factor
 */
function zoomAt(viewer, panel, x, y, factor) {
  const scene = viewer.sources.scene();
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
