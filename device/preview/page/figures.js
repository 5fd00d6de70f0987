// How it goes, in numbers that keep their places.

const FIGURES = [
  ["fps", "Frames", (f) => rounded(f.fps, 1), "fps"],
  ["network", "Network", (f) => rounded(f.network_ms, 0), "ms"],
  ["age", "Colour age", (f) => rounded(f.chroma_age_ms, 0), "ms"],
  ["drops", "Dropped", (f) => rounded(f.drops, 0), ""],
  ["temperature", "Board", (f) => rounded(f.temperature_c, 0), "°C"],
  ["viewers", "Viewers", (f) => rounded(f.viewers, 0), ""],
];

function rounded(value, digits) {
  return typeof value === "number" && Number.isFinite(value) ? value.toFixed(digits) : "–";
}

export class Figures {
  constructor(list) {
    this.values = {};
    for (const [name, label, , unit] of FIGURES) {
      this.values[name] = this.#row(list, name, label, unit);
    }
    this.screen = this.#row(list, "screen", "To you", "fps", "screen", "wide");
    this.trouble = this.#row(list, "trouble", "Held back", "", "trouble", "wide", "warn");
    this.trouble.closest(".figure").hidden = true;
  }

  show(figures) {
    for (const [name, , value] of FIGURES) {
      this.values[name].textContent = value(figures);
    }
    this.values.age.closest(".figure").title = `95 % are younger than ${rounded(figures.chroma_age_p95_ms, 0)} ms`;
    const reasons = figures.throttled ?? [];
    this.trouble.textContent = reasons.join(", ");
    this.trouble.closest(".figure").hidden = !reasons.length;
    this.values.temperature.closest(".figure").classList.toggle("warn", reasons.length > 0);
  }

  showScreen(fps) {
    this.screen.textContent = rounded(fps, 1);
  }

  #row(list, name, label, unit, ...classes) {
    const value = document.createElement("span");
    value.textContent = "–";
    const description = document.createElement("dd");
    description.append(value);
    if (unit) {
      const small = document.createElement("small");
      small.textContent = unit;
      description.append(" ", small);
    }
    const term = document.createElement("dt");
    term.textContent = label;
    const row = document.createElement("div");
    row.classList.add("figure", ...classes);
    row.id = `figure-${name}`;
    row.append(term, description);
    list.append(row);
    return value;
  }
}
