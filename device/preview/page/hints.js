// Colours that people place: a click on a thing, a choice of likely ones, dots and a list to take them back by.

import * as server from "./server.js";

const STEP = 0.02;
const LARGE_STEP = 0.1;
const PLACES = 5;
const MARGIN = 8;

export class Hints {
  constructor({ stream, stage, frame, target, dots, chooser, swatches, own, ownSet, close, list, none, say }) {
    Object.assign(this, { stream, stage, frame, target, dots, chooser, swatches, own, list, none, say });
    this.at = { x: 0.5, y: 0.5 };
    this.question = 0;
    target.addEventListener("click", (event) => {
      const place = this.stream.place(event.clientX, event.clientY);
      if (!chooser.hidden) {
        this.#close();
      } else if (place) {
        this.#aim(place);
        this.#open();
      }
    });
    target.addEventListener("keydown", (event) => this.#key(event));
    close.addEventListener("click", () => this.#close());
    ownSet.addEventListener("click", () => this.#place({ colour: own.value }));
    chooser.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        this.#close();
      }
    });
  }

  show(hints) {
    this.dots.replaceChildren(
      ...hints.map((hint) => {
        const dot = document.createElement("span");
        dot.className = "dot";
        dot.dataset.hint = hint.id;
        dot.style.left = `${hint.x * 100}%`;
        dot.style.top = `${hint.y * 100}%`;
        dot.style.background = hint.colour;
        return dot;
      }),
    );
    const focused = document.activeElement?.closest?.(".hint");
    const position = focused ? [...this.list.children].indexOf(focused) : -1;
    this.list.replaceChildren(...hints.map((hint, index) => this.#row(hint, index)));
    this.none.hidden = hints.length > 0;
    if (position >= 0) {
      this.list.children[Math.min(position, hints.length - 1)]?.querySelector("button").focus();
    }
  }

  #row(hint, index) {
    const colour = document.createElement("span");
    colour.className = "hint-colour";
    colour.style.background = hint.colour;
    const place = document.createElement("span");
    place.className = "hint-place";
    place.textContent = `${index + 1}. ${where(hint)}`;
    const back = document.createElement("button");
    back.type = "button";
    back.className = "tool";
    back.textContent = "Take back";
    back.setAttribute("aria-label", `Take back colour ${index + 1}, ${where(hint)}`);
    back.addEventListener("click", async () => {
      back.disabled = true;
      try {
        await server.removeHint(hint.id);
      } catch (error) {
        back.disabled = false;
        this.say(error.message);
      }
    });
    const row = document.createElement("li");
    row.className = "hint";
    row.append(colour, place, back);
    const mark = (on) => () =>
      this.dots.querySelector(`[data-hint="${CSS.escape(hint.id)}"]`)?.classList.toggle("marked", on);
    row.addEventListener("pointerenter", mark(true));
    row.addEventListener("pointerleave", mark(false));
    row.addEventListener("focusin", mark(true));
    row.addEventListener("focusout", mark(false));
    return row;
  }

  #key(event) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (right || down) {
      event.preventDefault();
      const inside = (value) => Math.min(Math.max(value, 0), 1);
      this.#aim({ x: inside(this.at.x + right * step), y: inside(this.at.y + down * step) });
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#open();
    }
  }

  #aim(place) {
    this.at = place;
    this.target.style.setProperty("--x", place.x);
    this.target.style.setProperty("--y", place.y);
  }

  async #open() {
    const { x, y } = this.at;
    const question = ++this.question;
    this.target.classList.add("aiming");
    this.swatches.replaceChildren(...Array.from({ length: PLACES }, emptySwatch));
    this.chooser.hidden = false;
    this.#settle();
    this.own.focus({ preventScroll: true });
    let colours = [];
    try {
      colours = await server.likely(x, y);
    } catch (error) {
      this.say(error.message);
    }
    if (question !== this.question || this.chooser.hidden) {
      return;
    }
    const made = colours.slice(0, PLACES).map((likely) => this.#swatch(likely));
    this.swatches.replaceChildren(...made);
    if (!made.length) {
      this.swatches.textContent = "This network names no likely colours; choose one.";
    } else {
      this.own.value = colours[0].colour;
      if (document.activeElement === this.own) {
        made[0].focus({ preventScroll: true });
      }
    }
  }

  #swatch({ a, b, share, colour }) {
    const round = document.createElement("span");
    round.style.background = colour;
    const made = document.createElement("button");
    made.type = "button";
    made.className = "swatch";
    made.setAttribute("aria-label", `${colour}, ${Math.round(share * 100)} % likely`);
    made.append(round, `${Math.round(share * 100)} %`);
    made.addEventListener("click", () => this.#place({ a, b }));
    return made;
  }

  async #place(colour) {
    const { x, y } = this.at;
    this.#close();
    try {
      await server.addHint({ x, y, ...colour });
    } catch (error) {
      this.say(error.message);
    }
  }

  #close() {
    this.question += 1;
    this.target.classList.remove("aiming");
    const inside = this.chooser.contains(document.activeElement);
    this.chooser.hidden = true;
    if (inside) {
      this.target.focus({ preventScroll: true });
    }
  }

  // Beside the place, inside the stage; narrow screens have it at their foot.
  #settle() {
    const stage = this.stage.getBoundingClientRect();
    const frame = this.frame.getBoundingClientRect();
    const card = this.chooser.getBoundingClientRect();
    const x = frame.left - stage.left + this.at.x * frame.width;
    const y = frame.top - stage.top + this.at.y * frame.height;
    const beside = x + 28 + card.width < stage.width - MARGIN ? x + 28 : x - 28 - card.width;
    const fit = (value, most) => Math.max(MARGIN, Math.min(value, most - MARGIN));
    this.chooser.style.left = `${fit(beside, stage.width - card.width)}px`;
    this.chooser.style.top = `${fit(y - card.height / 2, stage.height - card.height)}px`;
  }
}

function where({ x, y }) {
  const row = y < 1 / 3 ? "top" : y > 2 / 3 ? "bottom" : "middle";
  const column = x < 1 / 3 ? "left" : x > 2 / 3 ? "right" : "";
  return column ? `${row} ${column}` : row === "middle" ? "centre" : row;
}

function emptySwatch() {
  const made = document.createElement("span");
  made.className = "swatch empty";
  made.append(document.createElement("span"));
  return made;
}
