/** What moves by itself: slices going to and fro, and the overlay flickering. */

/** Slices per second while playing. */
export const PLAY_HZ = 7;
/** Shown and hidden, in milliseconds: 2.5 changes a second, below the 3 that can harm. */
const FLICKER_MS = 400;
/** While slices play: long enough to take the mask in, then a look at the bare image. */
const SLOW_MS = [1600, 700];

export function prefersStillness() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Calls `tick` again and again while it runs and the page is in view. */
class Beat {
  /** @param {() => number} tick  returns the milliseconds until the next one */
  constructor(tick) {
    this.tick = tick;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.timer = null;
  }

  start() {
    if (this.timer === null) this.#wait(0);
  }

  stop() {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** @param {number} ms */
  #wait(ms) {
    this.timer = setTimeout(() => this.#wait(document.hidden ? 500 : this.tick()), ms);
  }
}

/**
 * @param {() => {slice: number, first: number, last: number} | null} where  null while nothing can be played
 * @param {(slice: number) => void} go
 */
export function makePlay(where, go) {
  let direction = 1;
  return new Beat(() => {
    const at = where();
    if (at && at.last > at.first) {
      if (at.slice >= at.last) direction = -1;
      if (at.slice <= at.first) direction = 1;
      go(at.slice + direction);
    }
    return 1000 / PLAY_HZ;
  });
}

/**
 * @param {(hidden: boolean) => void} hide
 * @param {() => boolean} slowly
 */
export function makeFlicker(hide, slowly) {
  let hidden = true;
  const beat = new Beat(() => {
    hidden = !hidden;
    hide(hidden);
    return slowly() ? SLOW_MS[hidden ? 1 : 0] : FLICKER_MS;
  });
  return {
    start: () => beat.start(),
    stop: () => {
      beat.stop();
      hidden = true;
      hide(false);
    },
  };
}
