/** Which of a swipe's two masks is drawn where. Pure but for the clipping. */

/** @import {Canvas} from "./paint.js" */
/** @import {View} from "../types.js" */

/**
 * While it flickers one mask has the whole panel, then the other.
 *
 * @param {Pick<View, "flickering" | "overlayOff">} view
 * @returns {"both" | "left" | "right"}
 */
export function sideShown({ flickering, overlayOff }) {
  if (overlayOff) return "right";
  return flickering ? "left" : "both";
}

/**
 * @param {Pick<View, "flickering" | "overlayOff" | "swipe">} view
 * @param {number} width  of the panel
 * @returns {number} where the left mask ends and the right one begins, in CSS pixels
 */
export function dividerAt(view, width) {
  const side = sideShown(view);
  if (side !== "both") return side === "left" ? width : 0;
  return Math.round((view.swipe?.at ?? 0.5) * width);
}

/**
 * @param {Canvas} canvas
 * @param {number} from  CSS pixels
 * @param {number} to
 * @param {() => void} draw
 */
export function between({ context, height }, from, to, draw) {
  if (to <= from) return;
  context.save();
  context.beginPath();
  context.rect(from, 0, to - from, height);
  context.clip();
  draw();
  context.restore();
}
