/** The map panel's overlay: errors, agreement, disagreement or uncertainty on one slice. */

import { entropySlice, disagreementSlice } from "./heat.js";
import { AGREEMENT_COLOURS, ENTROPY_PIXELS, disagreementColour } from "./map_colours.js";
import { byteSlice, errorSlice } from "./masks.js";
import * as paint from "./paint.js";

/** @import {AnyVolume} from "../data/library.js" */
/** @import {Plane} from "../types.js" */
/** @import {Placement} from "./geometry.js" */
/** @import {ShownMap} from "./maps.js" */
/** @import {Mask, MaskSlice} from "./masks.js" */
/** @import {Canvas} from "./paint.js" */
/** @import {Scene} from "./panel.js" */
/** @import {Slice} from "./slices.js" */

/** @typedef {{key: string, slice: Slice | null}} Heat */

const OPACITY = 0.95;

/** Heat of one plane per volume, gone with it. @type {WeakMap<AnyVolume, Map<Plane, Heat>>} */
const heats = new WeakMap();

/**
 * @param {Canvas} canvas
 * @param {Scene} scene
 * @param {Placement} placement
 * @param {ShownMap} map
 * @param {Plane} plane
 * @param {number} index
 */
export function paintMap(canvas, scene, placement, map, plane, index) {
  if (map.kind === "uncertainty") {
    const volume = scene.behind(map.doubt, map.of, map.region);
    const entropyOf = map.doubt === null ? entropySlice : asSaved;
    if (volume) paintHeat(canvas, placement, volume, plane, index, entropyOf);
  } else if (map.kind === "disagreement") {
    paintDisagreement(canvas, scene, placement, map, plane, index);
  } else if (map.against !== null) {
    const [mask, other] = [scene.mask(map.of), scene.mask(map.against)];
    if (!mask?.whole || !other?.whole) return;
    const slice = once(() => errorSlice(mask.slice(plane, index), other.slice(plane, index), map.region));
    const key = `${mask.key} ${plane} ${index} ${other.key} ${map.region}`;
    const colours = map.kind === "errors" ? paint.ERROR_COLOURS : AGREEMENT_COLOURS;
    // errors are often one voxel thin: rounded corners would tear them apart
    const outlineOf = (/** @type {number} */ bit) => scene.outlines.of(key, bit, true, slice);
    paint.paintErrors(canvas, scene.sheet, placement, outlineOf, colours);
  }
}

/**
 * @param {Canvas} canvas
 * @param {Scene} scene
 * @param {Placement} placement
 * @param {ShownMap} map
 * @param {Plane} plane
 * @param {number} index
 */
function paintDisagreement(canvas, scene, placement, { models, region }, plane, index) {
  const masks = models.map((name) => scene.mask(name)).filter((mask) => mask?.whole);
  // what has not arrived would count as a no
  if (masks.length < models.length) return;
  const whole = /** @type {Mask[]} */ (masks);
  const slice = once(() => levels(disagreementSlice(whole.map((mask) => mask.slice(plane, index)), region)));
  const key = `${whole.map((mask) => mask.key).join(" ")} ${plane} ${index} ${region} yes`;
  for (let yes = 1; yes < models.length; yes++) {
    const outline = scene.outlines.of(key, yes - 1, true, slice);
    const layers = outline ? [{ outline, colour: disagreementColour(yes, models.length) }] : [];
    paint.paintMasks(canvas, scene.sheet, placement, layers, { mode: "fill", opacity: OPACITY });
  }
}

/** @param {MaskSlice | null} slice  of counts @returns {MaskSlice | null} bit n - 1 set where the count is n */
function levels(slice) {
  return slice && { ...slice, bytes: slice.bytes.map((yes) => yes && 1 << (yes - 1)) };
}

/**
 * @param {Canvas} canvas
 * @param {Placement} placement
 * @param {AnyVolume} volume
 * @param {Plane} plane
 * @param {number} index
 * @param {(bytes: MaskSlice | null) => MaskSlice | null} entropyOf  what the volume holds
 */
function paintHeat(canvas, placement, volume, plane, index, entropyOf) {
  const planes = heats.get(volume) ?? new Map();
  heats.set(volume, planes);
  const key = `${index} ${volume.version}`;
  let sheet = planes.get(plane);
  if (sheet?.key !== key) {
    sheet = { key, slice: heatOf(entropyOf(byteSlice(volume, plane, index)), sheet?.slice?.canvas) };
    planes.set(plane, sheet);
  }
  if (sheet.slice) paint.paintSlice(canvas, placement, sheet.slice, false, true);
}

/** @param {MaskSlice | null} slice  of a map that was saved */
function asSaved(slice) {
  return slice;
}

/**
 * @param {MaskSlice | null} entropy
 * @param {HTMLCanvasElement} [canvas]  to draw on again
 * @returns {Slice | null}
 */
function heatOf(entropy, canvas = document.createElement("canvas")) {
  if (!entropy?.width || !entropy.height) return null;
  const { width, height, bytes, uStart, vStart } = entropy;
  Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < bytes.length; i++) pixels[i] = ENTROPY_PIXELS[bytes[i]];
  context.putImageData(image, 0, 0);
  return { canvas, uStart, vStart, ground: "", step: 1 };
}

/**
 * @template T
 * @param {() => T} make
 * @returns {() => T} makes it once
 */
function once(make) {
  /** @type {{value: T} | null} */
  let made = null;
  return () => (made ??= { value: make() }).value;
}
