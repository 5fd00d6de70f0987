// What can be changed, drawn from the server's own table of things: whatever it holds has a control here.

const ORDER = ["colour", "saturation", "network", "quality", "rate", "live"];
const WORDS = { auto: "Auto", always: "On", never: "Off" };
const MEANINGS = {
  auto: "Grey is coloured, true colour passes.",
  always: "Everything is coloured, whatever it was.",
  never: "As the camera sees it.",
};
const RATES = [0, 30, 25, 15, 10, 5, 2, 1];
const LABELS = { quality: "Quality", rate: "Frame rate" };
const SEGMENTS = 3;
const SETTLE_MS = 120; // between what a slider sends while it is dragged
const HANDS_OFF_MS = 1500; // what somebody has just set is not moved under their fingers

export class Controls {
  // `change(thing, value)`: sends a change; a promise.
  constructor(form, change) {
    this.form = form;
    this.change = change;
    this.table = "";
    this.showers = {};
    this.touched = {};
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  show({ things, values }) {
    const table = JSON.stringify(things);
    if (table !== this.table) {
      this.table = table;
      this.#build(things);
    }
    for (const [name, value] of Object.entries(values)) {
      if (performance.now() - (this.touched[name] ?? -Infinity) > HANDS_OFF_MS) {
        this.showers[name]?.(value);
      }
    }
  }

  #build(things) {
    const rank = (thing) => (ORDER.includes(thing.name) ? ORDER.indexOf(thing.name) : ORDER.length);
    const makers = { switch: onOff, choice, number, button };
    this.showers = {};
    const rows = [...things]
      .filter((thing) => thing.name !== "snapshot") // it has its place at the picture
      .sort((one, other) => rank(one) - rank(other))
      .map((thing) => {
        const [row, show] = makers[thing.kind](
          { ...thing, label: LABELS[thing.name] ?? thing.label },
          (value) => this.#send(thing.name, value),
          () => this.#touch(thing.name),
        );
        this.showers[thing.name] = show;
        return row;
      });
    this.form.replaceChildren(...rows);
  }

  #send(name, value) {
    this.#touch(name);
    return this.change(name, value);
  }

  #touch(name) {
    this.touched[name] = performance.now();
  }
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function onOff(thing, send) {
  const input = element("input", { type: "checkbox", className: "switch", id: `set-${thing.name}` });
  input.setAttribute("role", "switch");
  input.addEventListener("change", () => send(input.checked));
  const label = element("label", { htmlFor: input.id, textContent: thing.label });
  return [element("div", { className: "control row" }, label, input), (value) => (input.checked = value)];
}

function choice(thing, send) {
  return thing.choices.length <= SEGMENTS && thing.name !== "network" ? segments(thing, send) : list(thing, send);
}

function segments(thing, send) {
  const inputs = thing.choices.map((value) => {
    const input = element("input", { type: "radio", name: thing.name, value });
    input.addEventListener("change", () => {
      note.textContent = MEANINGS[value] ?? "";
      send(value);
    });
    return input;
  });
  const labels = inputs.map((input) => element("label", {}, input, WORDS[input.value] ?? input.value));
  const note = element("p", { className: "quiet" });
  const group = element("fieldset", { className: "control", id: `set-${thing.name}` });
  const legend = element("legend", { className: "control-head", textContent: thing.label });
  group.append(legend, element("div", { className: "segments" }, ...labels));
  if (thing.choices.some((value) => MEANINGS[value])) {
    group.append(note);
  }
  return [
    group,
    (value) => {
      for (const input of inputs) {
        input.checked = input.value === value;
      }
      note.textContent = MEANINGS[value] ?? "";
    },
  ];
}

function list(thing, send, words = (value) => value) {
  const select = element("select", { id: `set-${thing.name}` });
  const option = (value) => element("option", { value, textContent: words(value) });
  select.append(...thing.choices.map(option));
  select.addEventListener("change", () => send(select.value));
  const label = element("label", { htmlFor: select.id, textContent: thing.label });
  const show = (value) => {
    const text = String(value);
    if (![...select.options].some((each) => each.value === text)) {
      select.append(option(text));
    }
    select.value = text;
  };
  return [element("div", { className: "control" }, label, select), show];
}

function number(thing, send, touch) {
  if (thing.name === "rate") {
    const choices = RATES.filter((rate) => rate <= thing.most).map(String);
    const words = (value) => (Number(value) ? `${Number(value)} a second at most` : "As the camera");
    return list({ ...thing, choices }, (value) => send(Number(value)), words);
  }
  const { least: min, most: max, step } = thing;
  const input = element("input", { type: "range", id: `set-${thing.name}`, min, max, step });
  const output = element("output", { htmlFor: input.id });
  const tell = () => {
    const text = step < 1 ? Number(input.value).toFixed(2) : input.value;
    output.textContent = thing.unit ? `${text} ${thing.unit}` : text;
  };
  let timer = 0;
  input.addEventListener("input", () => {
    const value = Number(input.value);
    touch();
    tell();
    clearTimeout(timer);
    timer = setTimeout(() => send(value), SETTLE_MS);
  });
  const label = element("label", { htmlFor: input.id, textContent: thing.label });
  const head = element("div", { className: "control-head" }, label, output);
  return [
    element("div", { className: "control" }, head, input),
    (value) => {
      input.value = value;
      tell();
    },
  ];
}

function button(thing, send) {
  const made = element("button", { type: "button", className: "button", textContent: thing.label });
  made.addEventListener("click", () => send(null));
  return [element("div", { className: "control" }, made), () => {}];
}
