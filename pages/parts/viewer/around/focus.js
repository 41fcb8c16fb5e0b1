/** Where the focus goes while something lies over the viewer, and where it returns to. */

const REACHED = "button, input, select, textarea, a[href], [tabindex='0']";

export class FocusTrap {
  /** @param {HTMLElement} ground  Tab goes around in it */
  constructor(ground) {
    this.ground = ground;
    /** @type {HTMLElement | null} */
    this.before = null;
    ground.addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return;
      const all = reached(ground);
      const [first, last] = [all[0], all[all.length - 1]];
      const at = focused(ground);
      if (event.shiftKey ? at !== first : at !== last) return;
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    });
  }

  remember() {
    this.before = focused(this.ground);
  }

  giveBack() {
    if (this.before?.isConnected) this.before.focus({ preventScroll: true });
    this.before = null;
  }
}

/** @param {HTMLElement} ground @returns {HTMLElement[]} what Tab stops at, in order */
export function reached(ground) {
  const all = /** @type {HTMLElement[]} */ ([...ground.querySelectorAll(REACHED)]);
  return all.filter((each) => each.tabIndex >= 0 && each.getClientRects().length > 0);
}

/** @param {HTMLElement} near @returns {HTMLElement | null} what has the focus in the same tree */
export function focused(near) {
  const root = near.getRootNode();
  const active = root instanceof ShadowRoot || root instanceof Document ? root.activeElement : null;
  return active instanceof HTMLElement ? active : null;
}
