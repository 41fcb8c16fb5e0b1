/** How far a viewer's volumes have come, and what keeps them. */

import * as library from "./library.js";
import { mismatch } from "../opening.js";

/** @import {Panel} from "../drawing/panel.js" */
/** @import {Viewer} from "../viewer.js" */

/**
 * @param {Set<string>} wanted  hashes
 * @returns {number} 0 to 1
 */
export function loadedShare(wanted) {
  let sum = 0;
  for (const hash of wanted) sum += library.look(hash)?.volume?.loaded ?? 0;
  return wanted.size ? sum / wanted.size : 1;
}

/**
 * @param {Viewer} viewer
 * @param {Panel} panel
 * @returns {string | null} a sentence for who looks at the panel; null while all is well
 */
export function troubleOf({ data, view, ground }, panel) {
  const { mask, error_against: against } = panel.spec;
  const refs = [data.images[panel.imageIn(view)]];
  for (const name of [mask, against]) if (name !== null) refs.push(data.masks[name]);
  for (const ref of refs) {
    const entry = library.look(ref?.hash);
    const unfit = entry?.volume && ground ? mismatch(entry.volume.manifest, ground) : null;
    if (entry?.trouble || unfit) return entry?.trouble ?? unfit;
  }
  return null;
}
