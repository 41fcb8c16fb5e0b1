/** A small menu over the panels, and a line to type into in its place. By keyboard: arrows, Enter, Escape. */

import { element } from "./dom.js";

/**
 * @typedef {object} Item
 * @property {string} text
 * @property {boolean} can
 * @property {() => void} run
 */

export class Menu {
  /** @param {() => void} closed  where the focus goes afterwards */
  constructor(closed) {
    this.closed = closed;
    this.element = element("div", { class: "menu", hidden: "" });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (this.isOpen && !(to instanceof Node && this.element.contains(to))) this.close(false);
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /**
   * @param {HTMLElement} anchor  it opens under this
   * @param {string} label
   * @param {Item[]} items
   */
  open(anchor, label, items) {
    const buttons = items.map(({ text, can, run }) => {
      const attributes = { type: "button", role: "menuitem", tabindex: "-1", "aria-disabled": String(!can) };
      const button = element("button", attributes, text);
      button.addEventListener("click", () => can && run());
      return button;
    });
    this.element.setAttribute("role", "menu");
    this.#show(anchor, label, buttons);
    buttons[0]?.focus({ preventScroll: true });
  }

  /**
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {string} value
   * @param {(text: string) => void} done
   */
  ask(anchor, label, value, done) {
    const attributes = { type: "text", "aria-label": label, maxlength: "60" };
    const input = /** @type {HTMLInputElement} */ (element("input", attributes));
    input.value = value;
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      // the button that gets the focus now is not meant
      event.preventDefault();
      done(input.value);
    });
    this.element.setAttribute("role", "group");
    this.#show(anchor, label, [input]);
    input.focus({ preventScroll: true });
    input.select();
  }

  /** @param {boolean} giveBack  the focus */
  close(giveBack = true) {
    if (!this.isOpen) return;
    this.element.hidden = true;
    if (giveBack) this.closed();
  }

  /**
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {HTMLElement[]} content
   */
  #show(anchor, label, content) {
    this.element.setAttribute("aria-label", label);
    // while it is replaced the focus leaves what was in it
    this.element.hidden = true;
    this.element.replaceChildren(...content);
    this.element.hidden = false;
    const stage = /** @type {HTMLElement} */ (this.element.offsetParent ?? this.element.parentElement);
    const [from, ground] = [anchor.getBoundingClientRect(), stage.getBoundingClientRect()];
    const scale = stage.offsetWidth / (ground.width || 1);
    const left = Math.min((from.left - ground.left) * scale, stage.offsetWidth - this.element.offsetWidth);
    this.element.style.left = `${Math.max(0, left)}px`;
    this.element.style.top = `${(from.bottom - ground.top) * scale + 4}px`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // what is typed here is meant for nothing else on the page
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.close();
      return;
    }
    const items = /** @type {HTMLElement[]} */ ([...this.element.querySelectorAll("[role=menuitem]")]);
    const at = items.indexOf(/** @type {HTMLElement} */ (event.target));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    items[to % items.length].focus();
  }
}
