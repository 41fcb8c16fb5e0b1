/** What is measured inside the page, the same for both viewers. */

window.probe = {
  /** The element in the page or in a shadow root below it. */
  find(selector) {
    const found = document.querySelector(selector);
    if (found) return found;
    for (const host of document.querySelectorAll("*")) {
      const inside = host.shadowRoot?.querySelector(selector);
      if (inside) return inside;
    }
    return null;
  },

  /** One notch of a wheel over the middle of an element; where that is, is looked up once: asking costs a layout. */
  notch(target, direction) {
    if (this.target !== target) {
      const { left, top, width, height } = target.getBoundingClientRect();
      this.target = target;
      this.at = { clientX: left + width / 2, clientY: top + height / 2 };
    }
    const { at } = this;
    target.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: 100 * direction, bubbles: true, cancelable: true, composed: true }));
  },

  /** Milliseconds of script since it was last set to 0: handlers of the wheel, callbacks of frames and timers. */
  spent: 0,

  /** @param {(...args: unknown[]) => unknown} callback */
  timed(callback) {
    return (...args) => {
      const started = performance.now();
      try {
        return callback(...args);
      } finally {
        this.spent += performance.now() - started;
      }
    };
  },

  /** Notches in every second frame, to and fro: the script of each, in ms. Without a turn nothing is turned. */
  async steps(target, count, turn) {
    const spent = [];
    for (let step = 0; step < count; step++) {
      this.spent = 0;
      if (turn) this.timed(() => this.notch(target, Math.floor(step / turn) % 2 ? -1 : 1))();
      await this.frame();
      await this.frame();
      spent.push(this.spent);
    }
    return spent;
  },

  frame: () => new Promise((done) => requestAnimationFrame(done)),

  /** A notch in every frame, to and fro: the times between frames, in ms. */
  async scroll(target, steps, turn) {
    const between = [];
    let last = await this.frame();
    for (let step = 0; step < steps; step++) {
      this.notch(target, Math.floor(step / turn) % 2 ? -1 : 1);
      const now = await this.frame();
      between.push(now - last);
      last = now;
    }
    return between;
  },

  /** From a click anywhere to a slice in the first panel, and to everything in place, in ms. */
  watch() {
    const times = (window.times = {});
    document.addEventListener("click", () => (times.click ??= performance.now()), { capture: true, once: true });
    const look = () => {
      const root = times.click && this.find(".segscope-viewer");
      const canvas = root?.querySelector(".panel canvas");
      if (canvas && !times.first) {
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(width / 2 - 40, height / 2, 80, 1);
        if (data.some((value, index) => index % 4 === 0 && value > 60 && data[index + 1] === value)) times.first = performance.now();
      }
      if (root?.dataset.ready === "true") times.all = performance.now();
      else requestAnimationFrame(look);
    };
    look();
  },
};

// before any script of the page: what it asks to be called back with is timed
for (const name of ["requestAnimationFrame", "setTimeout"]) {
  const original = window[name].bind(window);
  window[name] = (callback, ...rest) => original(typeof callback === "function" ? probe.timed(callback) : callback, ...rest);
}
