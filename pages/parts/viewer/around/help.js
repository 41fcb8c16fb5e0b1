/** The list of keys and gestures, over the panels. */

import { element } from "./dom.js";
import { HELP } from "../hands/keys.js";

/** @import {Shortcut} from "../tools/index.js" */

export class Help {
  /**
   * @param {Shortcut[]} shortcuts  of the tools
   * @param {() => void} close
   * @param {() => void} mirror
   */
  constructor(shortcuts, close, mirror) {
    const listed = [...HELP, ...shortcuts.map(({ label, what }) => [label, what])];
    const rows = listed.map(([keys, what]) => element("div", {}, element("dt", {}, keys), element("dd", {}, what)));
    this.done = element("button", { type: "button" }, "Close");
    this.side = element("button", { type: "button" });
    this.done.addEventListener("click", close);
    this.side.addEventListener("click", mirror);
    this.element = element(
      "div",
      { class: "help", role: "dialog", "aria-label": "Keys and gestures", hidden: "" },
      element("dl", {}, ...rows),
      element("div", { class: "help-foot" }, this.side, this.done),
    );
  }

  /**
   * @param {boolean} open
   * @param {boolean} radiological
   */
  show(open, radiological) {
    this.side.textContent = radiological ? "Radiological: right is left" : "Neurological: right is right";
    const opening = open && this.element.hidden;
    this.element.hidden = !open;
    if (opening) this.done.focus();
  }
}
