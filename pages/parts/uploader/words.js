/** Bytes, speeds and times as a person says them. */

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** @param {number} bytes */
export function size(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 1 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** @param {number | null} seconds */
export function left(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 1) return "almost done";
  if (seconds < 90) return `${Math.round(seconds)} s left`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min left`;
  return `${(seconds / 3600).toFixed(1)} h left`;
}

/** @param {number} count */
export function files(count) {
  return `${count.toLocaleString("en")} ${count === 1 ? "file" : "files"}`;
}

/** @param {number} share  0 to 1; 100 % is said only when nothing is missing */
export function percent(share) {
  return `${share >= 1 ? 100 : Math.floor(share * 100)} %`;
}
