// How it goes, in numbers that keep their places.

const FIGURES = [
  ["fps", "Frames", (f) => rounded(f.fps, 1), "fps"],
  ["network", "Network", (f) => rounded(f.network_ms, 0), "ms"],
  ["age", "Colour age", (f) => rounded(f.chroma_age_ms, 0), "ms"],
  ["drops", "Dropped", (f) => rounded(f.drops, 0), ""],
  ["temperature", "Board", (f) => rounded(f.temperature_c, 0), "°C"],
  ["viewers", "Viewers", (f) => rounded(f.viewers, 0), ""],
];

const NOTHING = "–";

function rounded(value, digits) {
  return typeof value === "number" && Number.isFinite(value) ? value.toFixed(digits) : NOTHING;
}

export class Figures {
  constructor(list) {
    this.values = {};
    for (const [name, label, , unit] of FIGURES) {
      this.values[name] = this.#row(list, name, label, unit);
    }
    this.screen = this.#row(list, "screen", "To you", "fps", "screen", "wide");
    this.held = this.#row(list, "held", "Held back", "", "trouble", "wide", "warn");
    this.trouble = this.#row(list, "trouble", "Trouble", "", "trouble", "wide", "warn");
    this.#tell(this.held, []);
    this.#tell(this.trouble, []);
  }

  show(figures) {
    for (const [name, , value] of FIGURES) {
      this.#write(this.values[name], value(figures));
    }
    this.values.age.closest(".figure").title = `95 % are younger than ${rounded(figures.chroma_age_p95_ms, 0)} ms`;
    const reasons = figures.throttled ?? [];
    this.#tell(this.held, reasons);
    this.#tell(this.trouble, figures.troubles ?? []);
    this.values.temperature.closest(".figure").classList.toggle("warn", reasons.length > 0);
  }

  showScreen(fps) {
    this.#write(this.screen, rounded(fps, 1));
  }

  #write(row, text) {
    row.textContent = text;
    if (row.nextElementSibling) {
      row.nextElementSibling.hidden = text === NOTHING;
    }
  }

  // Lines that are there only while there is something to say.
  #tell(row, lines) {
    row.textContent = lines.join(", ");
    row.closest(".figure").hidden = !lines.length;
  }

  #row(list, name, label, unit, ...classes) {
    const value = document.createElement("span");
    value.textContent = NOTHING;
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
