/** Panels that are moved, hidden and renamed: by each caption's menu, by dragging it, by a list in the row of tools. */

import { AS_GIVEN, hidden, inColumns, listed, moved, renamed, shown, stepped } from "../around/columns.js";
import { capital, element } from "../around/dom.js";
import { SWIPE, layoutPanels, nameOf } from "../around/layouts.js";
import { Menu } from "../around/menu.js";
import { Popover } from "../around/popover.js";
import { Carry } from "./columns_carry.js";

/** @import {Panel} from "../drawing/panel.js" */
/** @import {Columns, PanelSpec} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */
/** @import {Tool} from "./index.js" */

/**
 * @param {Viewer} viewer
 * @returns {Tool}
 */
export function columnsTool(viewer) {
  const tool = new ColumnsTool(viewer);
  return {
    elements: [tool.list.element],
    furnish: () => tool.furnish(),
    show: () => tool.show(),
    escape: () => tool.escape(),
    stop: () => tool.carry.drop(),
  };
}

class ColumnsTool {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** Id of the panel whose menu is or was open. */
    this.at = "";
    this.menu = new Menu(() => this.#focus(this.at));
    this.carry = new Carry(viewer, (id, beside, side) => {
      this.#apply(moved(this.given, viewer.view.columns, id, beside, side));
    });
    this.boxes = element("div", { class: "columns-list", role: "group", "aria-label": "Panels that are shown" });
    this.asGiven = element("button", { type: "button", class: "columns-as-given" }, "As given");
    this.asGiven.addEventListener("click", () => this.#apply(AS_GIVEN));
    this.count = element("span", { class: "numbers" });
    const button = element("button", { type: "button", class: "columns-button" }, "Panels ", this.count);
    this.list = new Popover("Panels", button, [this.boxes, this.asGiven]);
    this.said = "";
  }

  /** The layout's panels, before the hand changed any. */
  get given() {
    return layoutPanels(this.viewer.data, this.viewer.view);
  }

  /** @param {Columns | null} columns */
  #apply(columns) {
    if (!columns) return;
    this.viewer.set({ columns });
    this.viewer.furnish();
  }

  furnish() {
    const { viewer } = this;
    const { grid, stage } = viewer.furniture ?? {};
    this.menu.close(false);
    if (!grid || !stage || !viewer.data.tools) return;
    if (!this.menu.element.isConnected) stage.append(this.menu.element, this.carry.marker);
    const named = viewer.panels.filter((panel) => panel.spec.id !== SWIPE);
    const buttons = named.map((panel) => this.#makeButton(panel));
    // one stop for Tab; arrows go on from there
    buttons.forEach((button, index) => {
      button.tabIndex = index ? -1 : 0;
      button.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        this.#roam(buttons, buttons[(index + step + buttons.length) % buttons.length]);
      });
      button.addEventListener("focus", () => this.#roam(buttons, button));
    });
  }

  /** @param {HTMLElement[]} buttons @param {HTMLElement} to */
  #roam(buttons, to) {
    for (const each of buttons) each.tabIndex = each === to ? 0 : -1;
    const root = /** @type {Document | ShadowRoot} */ (to.getRootNode());
    if (root.activeElement !== to) to.focus({ preventScroll: true });
  }

  /** @param {Panel} panel */
  #makeButton(panel) {
    const title = "Move, hide or rename; drag to move";
    const button = element("button", { type: "button", class: "caption", "aria-haspopup": "menu", title });
    button.append(...panel.heading.childNodes);
    panel.heading.replaceWith(button);
    panel.heading = button;
    button.addEventListener("click", () => {
      if (!this.carry.wasCarried()) this.#openMenu(panel, button);
    });
    this.carry.listen(panel, button);
    return button;
  }

  /**
   * @param {Panel} panel
   * @param {HTMLElement} button
   */
  #openMenu(panel, button) {
    const { id, title } = panel.spec;
    const { columns } = this.viewer.view;
    const [left, right] = [stepped(this.given, columns, id, -1), stepped(this.given, columns, id, 1)];
    const without = hidden(this.given, columns, id);
    this.at = id;
    const change = (/** @type {Columns | null} */ to) => {
      this.#apply(to);
      this.#focus(id);
    };
    const own = this.given.find((each) => each.id === id)?.title ?? title;
    const shownTitle = panel.title.textContent ?? "";
    this.menu.open(button, `Panel ${shownTitle}`, [
      { text: "Move left", can: left !== null, run: () => change(left) },
      { text: "Move right", can: right !== null, run: () => change(right) },
      { text: "Hide", can: without !== null, run: () => change(without) },
      {
        text: "Rename…",
        can: true,
        run: () =>
          this.menu.ask(button, `Name of ${shownTitle}`, shownTitle, (text) => {
            const asItWas = text.trim() === own || (text.trim() === shownTitle && !columns.titles[id]);
            change(renamed(columns, id, asItWas ? "" : text));
          }),
      },
    ]);
  }

  /** @param {string} id  a hidden panel's focus goes to the first one */
  #focus(id) {
    const panel = this.viewer.panels.find(({ spec }) => spec.id === id) ?? this.viewer.panels[0];
    panel?.heading.focus({ preventScroll: true });
  }

  show() {
    const { viewer, given } = this;
    const { columns, swipe } = viewer.view;
    this.list.button.toggleAttribute("disabled", swipe !== null);
    if (swipe) return;
    const seen = inColumns(given, columns).map(({ id }) => id);
    const all = listed(given, columns);
    this.count.textContent = seen.length === all.length ? String(all.length) : `${seen.length} of ${all.length}`;
    const titles = viewer.panels.map((panel) => [panel.spec.id, panel.title.textContent ?? ""]);
    const said = JSON.stringify([all.map(({ id, title }) => [id, title]), seen, titles, columns === AS_GIVEN]);
    if (said === this.said) return;
    this.said = said;
    this.#list(all.map((panel) => ({ id: panel.id, title: this.#wordOf(panel) })), seen);
    const changes = [...columns.order, ...columns.hidden, ...Object.keys(columns.titles)];
    this.asGiven.toggleAttribute("disabled", !changes.length);
  }

  /** What the list calls a panel, whatever is chosen now. @param {PanelSpec} panel */
  #wordOf(panel) {
    const { data, view } = this.viewer;
    const words = panel.title.replaceAll("{plane}", capital(panel.plane ?? view.plane));
    return nameOf(data, view, { ...panel, title: words }).replace(/ ?\{\w+\}/g, "").trim() || panel.id;
  }

  /**
   * @param {{id: string, title: string}[]} panels
   * @param {string[]} seen  ids
   */
  #list(panels, seen) {
    const root = /** @type {Document | ShadowRoot} */ (this.boxes.getRootNode());
    const focusedAt = [...this.boxes.querySelectorAll("input")].findIndex((each) => each === root.activeElement);
    this.boxes.replaceChildren(
      ...panels.map(({ id, title }) => {
        const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
        box.checked = seen.includes(id);
        box.disabled = box.checked && seen.length === 1;
        box.addEventListener("change", () => {
          const { columns } = this.viewer.view;
          this.#apply(box.checked ? shown(columns, id) : hidden(this.given, columns, id));
        });
        return element("label", {}, box, title);
      }),
    );
    if (focusedAt >= 0) this.boxes.querySelectorAll("input")[focusedAt]?.focus({ preventScroll: true });
  }

  escape() {
    return this.carry.drop();
  }
}
