// Light and dark: the system's choice until the reader switches. Charts draw themselves anew.

const okabe = ["#3a82b5", "#e0a030", "#2f9b7a", "#c583a8", "#6db6dd", "#cf6a2c", "#cfc04a", "#7d6bb0"];  // after Okabe and Ito
const grey = "#8f99a3";
const labelNames = ["predicted", "extrapolated", "bounded", "modelled"];
const labelColours = [okabe[0], okabe[1], okabe[3], grey];
const labelMarks = ["●", "◐", "▲", "■"];
const labelMeanings = [
  "inside the range that the energy model was fitted on",
  "outside the fitted range, or of a kind that nobody has measured",
  "an upper bound: an unknown operator, or a shape known only by its bound",
  "a stated power times the time: no energy was measured"];
const boundNames = ["launch", "memory", "arithmetic"];
const boundColours = [okabe[2], okabe[1], okabe[0]];

const theme = {
  listeners: [],
  media: matchMedia("(prefers-color-scheme: dark)"),
  chosen: null,
  printing: false,
  dark() { return !this.printing && (this.chosen ? this.chosen === "dark" : this.media.matches); },
  start() {
    try { this.chosen = localStorage.getItem("wattlayer-theme"); } catch { this.chosen = null; }
    this.media.addEventListener("change", () => this.apply());
    addEventListener("beforeprint", () => { this.printing = true; this.apply(); });
    addEventListener("afterprint", () => { this.printing = false; this.apply(); });
    this.apply();
  },
  toggle() {
    this.chosen = this.dark() ? "light" : "dark";
    try { localStorage.setItem("wattlayer-theme", this.chosen); } catch { /* a page that may not remember */ }
    this.apply();
  },
  apply() {
    document.documentElement.dataset.theme = this.dark() ? "dark" : "light";
    for (const listener of this.listeners) listener();
  },
  colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim(); },
};

/// Black or white, whichever is easier to read on this colour.
function textOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.3 ? "#10171d" : "#ffffff";
}
