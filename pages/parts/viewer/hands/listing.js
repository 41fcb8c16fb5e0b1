/** Keys and gestures in words, for the help. Those of the tools come from the tools. */

import { isMac } from "./keys.js";

/**
 * @typedef {object} Group
 * @property {string} title
 * @property {[string, string][]} rows  what to press or to do, and what it does
 */

/** @returns {Group[]} */
export function listing() {
  const move = isMac() ? "Option" : "Ctrl";
  return [
    {
      title: "Slices",
      rows: [
        ["Wheel, arrow keys", "scroll"],
        ["Page Up, Page Down", "ten slices"],
        ["Home, End", "first and last slice"],
        ["A  C  S", "axial, coronal, sagittal"],
        [",  .", "previous and next panel for the keys"],
      ],
    },
    {
      title: "Crosshair",
      rows: [
        ["Click, drag", "put it there"],
        ["Shift + arrows", "one voxel"],
        ["Shift + Page Up, Page Down", "ten voxels up, down"],
        ["Shift + Home, End", "ten voxels left, right"],
      ],
    },
    {
      title: "Image",
      rows: [
        ["Ctrl + wheel, + −", "zoom"],
        [`Shift + drag, ${move} + arrows`, "move"],
        ["Right drag", "window: sideways wider, down darker"],
        ["[  ]", "window narrower, wider"],
        ["{  }", "window darker, brighter"],
        ["X", "swap radiological and neurological"],
        ["0", "reset zoom, window and overlay"],
      ],
    },
    {
      title: "Overlay",
      rows: [
        ["1 … 9", "regions on and off"],
        ["O", "fill, both, outline"],
        [";  '", "fainter, stronger"],
        ["Space", "flicker the overlay"],
      ],
    },
    {
      title: "Touch",
      rows: [
        ["One finger", "scroll"],
        ["Tap", "put the crosshair there"],
        ["Two fingers", "zoom and move"],
        ["Press, then drag", "window"],
      ],
    },
    {
      title: "Elsewhere",
      rows: [
        ["Tab, Shift + Tab", "next and previous control"],
        ["T", "the row of tools"],
        ["?", "this list"],
        ["Escape", "close, or put a tool away"],
      ],
    },
  ];
}
