/** Colours of the maps: none of them can be taken for an error's, and each order is one of lightness. */

/** @typedef {[number, number, number]} Colour  red, green, blue */

/** One model against another: neither is right, so neither is orange or pink. Blue and yellow stay apart for everyone. */
export const AGREEMENT_COLOURS = { extra: "#7b8cff", missed: "#e3d24b", right: "#aab4c0" };

/** @type {Colour[]} from few models to nearly all */
const GREENS = [[18, 118, 105], [74, 181, 158], [205, 247, 220]];
/** @type {Colour[]} from 0 to 1 bit */
const ICE = [[8, 48, 107], [43, 140, 190], [168, 221, 235], [255, 255, 255]];

/** How opaque the heat is; below a quarter bit it fades out. */
const HEAT_OPACITY = 0.9;
const FADE_BITS = 0.25;

/**
 * @param {Colour[]} stops  at equal distances
 * @param {number} at  0 to 1
 * @returns {Colour}
 */
function between(stops, at) {
  const place = Math.min(1, Math.max(0, at)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  const mix = (/** @type {0 | 1 | 2} */ part) =>
    Math.round(stops[low][part] + (stops[low + 1][part] - stops[low][part]) * (place - low));
  return [mix(0), mix(1), mix(2)];
}

/** @param {Colour} colour */
const css = ([red, green, blue]) => `rgb(${red}, ${green}, ${blue})`;

/**
 * @param {number} yes  models that hold a voxel
 * @param {number} models  of so many; `yes` is less
 */
export function disagreementColour(yes, models) {
  return css(between(GREENS, models > 2 ? (yes - 1) / (models - 2) : 1));
}

/** A bar from 0 to 1 bit. */
export const ENTROPY_BAR = `linear-gradient(to right, ${ICE.map(css).join(", ")})`;

/** From entropy in 255ths of a bit to a pixel, as ImageData stores it: little-endian alpha, blue, green, red. */
export const ENTROPY_PIXELS = Uint32Array.from({ length: 256 }, (_, byte) => {
  const bits = byte / 255;
  const [red, green, blue] = between(ICE, bits);
  const alpha = Math.round(255 * HEAT_OPACITY * Math.min(1, bits / FADE_BITS));
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
});
