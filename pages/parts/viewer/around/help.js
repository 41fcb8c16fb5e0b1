/** The list of keys and gestures, over the panels. */

import { capital, element } from "./dom.js";
import { FocusTrap } from "./focus.js";
import { listing } from "../hands/listing.js";

/** @import {Shortcut} from "../tools/index.js" */

export class Help {
  /**
   * @param {Shortcut[]} shortcuts  of the tools
   * @param {() => void} close
   * @param {HTMLElement[]} choices  stand in its foot
   * @param {string} word  what a slice is called
   */
  constructor(shortcuts, close, choices, word) {
    const said = (/** @type {string} */ text) => text.replaceAll("slice", word).replaceAll("Slice", capital(word));
    const tools = { title: "Tools", rows: shortcuts.filter(({ label }) => label).map(({ label, what }) => /** @type {[string, string]} */ ([label, what])) };
    const groups = [...listing(), ...(shortcuts.length ? [tools] : [])].map(({ title, rows }) =>
      element(
        "section",
        {},
        element("h3", {}, said(title)),
        element("dl", {}, ...rows.map(([keys, what]) => element("div", {}, element("dt", {}, said(keys)), element("dd", {}, said(what))))),
      ),
    );
    this.done = element("button", { type: "button" }, "Close");
    this.done.addEventListener("click", close);
    // what scrolls must be in reach of the keys that scroll it
    this.list = element("div", { class: "help-list", tabindex: "0", role: "group", "aria-label": "List" }, element("div", {}, ...groups));
    this.list.addEventListener("keydown", (event) => {
      if (/^(Arrow(Up|Down)|Page(Up|Down)|Home|End)$/.test(event.key)) event.stopPropagation();
    });
    // a modal one lies over the whole page: the panels alone may be smaller than the list
    this.element = /** @type {HTMLDialogElement} */ (
      element("dialog", { class: "help", "aria-label": "Keys and gestures" }, this.list, element("div", { class: "help-foot" }, ...choices, this.done))
    );
    // Escape comes to the viewer as a key
    this.element.addEventListener("cancel", (event) => event.preventDefault());
    this.trap = new FocusTrap(this.element);
  }

  /** @param {boolean} open */
  show(open) {
    if (open === this.element.open) return;
    if (open) {
      this.trap.remember();
      this.element.showModal();
      this.done.focus();
    } else {
      this.element.close();
      this.trap.giveBack();
    }
  }
}
