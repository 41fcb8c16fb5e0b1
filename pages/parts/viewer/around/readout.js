/** What lies under the pointer, in words. Pure. */

import { toMillimetres } from "../drawing/geometry.js";
import { holds } from "../drawing/masks.js";
import { short } from "./numbers.js";

/** @import {Region, Triple} from "../types.js" */
/** @import {Mask} from "../drawing/masks.js" */
/** @import {AnyVolume} from "../data/library.js" */

/**
 * @param {object} at
 * @param {Triple} at.voxel
 * @param {number[][] | null} at.affine
 * @param {string} at.name  of the image
 * @param {AnyVolume | null} at.image
 * @param {Mask | null} at.mask
 * @param {Region[]} at.regions
 * @returns {{place: string, value: string, regions: Region[]}}
 */
export function readoutOf({ voxel, affine, name, image, mask, regions }) {
  return {
    place: placeInWords(voxel, affine),
    value: image ? `${name} ${short(image.value(voxel))}` : "",
    regions: mask ? regions.filter((_, region) => holds(mask, voxel, region)) : [],
  };
}

/**
 * @param {Triple} voxel
 * @param {number[][] | null} affine
 */
export function placeInWords(voxel, affine) {
  const millimetres = affine ? toMillimetres(affine, voxel).map((mm) => mm.toFixed(1).replace("-", "−")) : null;
  return `voxel ${voxel.join(" ")}${millimetres ? ` · ${millimetres.join(" ")} mm` : ""}`;
}
