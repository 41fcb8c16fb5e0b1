/** Numbers as they are shown, and as they are typed. Pure. */

/** @param {number} value */
export function short(value) {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toFixed(digits).replace("-", "−");
}

/**
 * A number with a point or a comma, and either kind of minus.
 *
 * @param {string} text
 * @returns {number | null}
 */
export function numberFrom(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : null;
}

/**
 * @param {"ends" | "level"} kind  what the two numbers are: low and high, or level and width
 * @param {string} first
 * @param {string} second
 * @returns {[number, number] | string} low and high, or a sentence that says what is wrong
 */
export function rangeFrom(kind, first, second) {
  const [one, other] = [numberFrom(first), numberFrom(second)];
  if (one === null || other === null) {
    return `Found “${(one === null ? first : second).trim()}”, expected a number such as 40 or −12.5.`;
  }
  if (kind === "level") return other > 0 ? [one - other / 2, one + other / 2] : "The width must be larger than 0.";
  return other > one ? [one, other] : "The high end must lie above the low end.";
}
