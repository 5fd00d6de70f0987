// The page: its rooms, wired together.

import { compare } from "./compare.js";
import { Controls } from "./controls.js";
import { Figures } from "./figures.js";
import { Hints } from "./hints.js";
import * as server from "./server.js";
import { Stream } from "./stream.js";

const HIDDEN_MS = 10000; // a page that nobody sees lets go of its stream after this
const CALM_MS = 2500;
const TOAST_MS = 4000;
const RESIZED_MS = 300;
const RATIO_KEY = "tintcast-ratio";

const find = (id) => document.getElementById(id);
const [stage, frame, image] = ["stage", "frame", "picture"].map(find);
const viewer = Array.from(crypto.getRandomValues(new Uint8Array(8)), (n) => n.toString(16).padStart(2, "0")).join("");

// What is wrong with the picture now, each with its reason; the gravest is shown.
const troubles = { lost: null, refused: null, camera: null, first: ["Waiting for the first picture", ""] };

function notice() {
  const [title, text, action] = troubles.lost ?? troubles.camera ?? troubles.refused ?? troubles.first ?? [];
  find("notice").hidden = title === undefined;
  find("notice-title").textContent = title ?? "";
  find("notice-text").textContent = text ?? "";
  find("notice-button").hidden = !action;
  find("notice-button").textContent = action ?? "";
}

let toasted = 0;
function say(text) {
  clearTimeout(toasted);
  find("toast").textContent = text;
  find("toast").hidden = false;
  toasted = setTimeout(() => (find("toast").hidden = true), TOAST_MS);
}

async function change(thing, value) {
  try {
    await server.set(thing, value);
  } catch (error) {
    say(error.message);
  }
}

function shape(ratio) {
  frame.style.setProperty("--ratio", ratio.toFixed(4));
  try {
    localStorage.setItem(RATIO_KEY, ratio.toFixed(4)); // so that the next visit begins in the same shape
  } catch {
    // A browser that keeps nothing begins at 16:9.
  }
}

const stream = new Stream(image, viewer, {
  onShape: shape,
  onFirst: () => {
    troubles.first = troubles.refused = null;
    notice();
  },
  onRefused: (line) => {
    troubles.refused = ["No picture", line];
    notice();
  },
});
const controls = new Controls(find("controls"), change);
const figures = new Figures(find("figures"));
const hints = new Hints({
  stream,
  stage,
  frame,
  say,
  target: find("target"),
  dots: find("dots"),
  chooser: find("chooser"),
  swatches: find("swatches"),
  own: find("own"),
  ownSet: find("own-set"),
  close: find("chooser-close"),
  list: find("hints"),
  none: find("no-hints"),
});
compare(frame, find("divider"), find("compare"));

function showState(told) {
  const [kind, reason] = splitState(String(told.state ?? "live"));
  const own = kind === "live" && told.own_colour ? ": its own colour passes" : "";
  const words = { live: `Live${own}`, resting: "Resting", off: "Camera off", opening: "Opening the camera", waiting: "Waiting for the camera" };
  const state = find("state");
  state.dataset.state = kind;
  state.textContent = words[kind] ?? kind;
  state.title = reason;
  frame.dataset.camera = kind;
  image.alt = `Live picture: ${told.source ?? "camera"}`;
  find("source").textContent = told.source ?? "";
  document.title = kind === "live" ? "tintcast" : `${words[kind] ?? kind} – tintcast`;
  troubles.camera = null;
  if (kind === "waiting") {
    troubles.camera = ["Waiting for the camera", reason ? `${reason}. It comes back by itself.` : "It comes back by itself."];
  } else if (kind === "off") {
    troubles.camera = ["The camera is off", "It stays off, also after a restart, until it is turned on.", "Turn it on"];
  }
  notice();
}

// "waiting for camera: unplugged" says both what and why.
function splitState(text) {
  const [what, ...why] = text.split(": ");
  return [what.startsWith("waiting") ? "waiting" : what, why.join(": ")];
}

const listener = new server.Listener(viewer, {
  figures: (told) => {
    figures.show(told);
    showState(told);
  },
  switches: (table) => controls.show(table),
  hints: (placed) => hints.show(placed),
  stream: ({ there, fps }) => {
    stream.told(there);
    figures.showScreen(fps);
  },
  lost: () => {
    document.body.dataset.lost = "";
    troubles.lost = ["Connection lost", "Trying again until the board answers."];
    find("state").dataset.state = "lost";
    find("state").textContent = "Connection lost";
    notice();
  },
  back: () => {
    delete document.body.dataset.lost;
    troubles.lost = null;
    notice();
    stream.start();
  },
});

find("notice-button").addEventListener("click", () => change("live", true));

find("snapshot").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await server.snapshot());
    link.download = `tintcast-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-")}.jpg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), TOAST_MS);
  } catch (error) {
    say(error.message);
  } finally {
    button.disabled = false;
    button.focus({ preventScroll: true });
  }
});

const full = () => document.fullscreenElement === stage || stage.classList.contains("filled");
function showFull() {
  find("fullscreen").setAttribute("aria-pressed", full());
}
find("fullscreen").addEventListener("click", async () => {
  if (document.fullscreenElement) {
    await document.exitFullscreen();
  } else if (stage.requestFullscreen && !full()) {
    await stage.requestFullscreen();
  } else {
    stage.classList.toggle("filled"); // telephones that know no full screen
  }
  showFull();
});
document.addEventListener("fullscreenchange", showFull);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && stage.classList.contains("filled")) {
    stage.classList.remove("filled");
    showFull();
  }
});

let calming = 0;
function wake() {
  stage.classList.remove("calm");
  clearTimeout(calming);
  calming = setTimeout(() => stage.classList.add("calm"), CALM_MS);
}
for (const kind of ["pointermove", "pointerdown", "keydown"]) {
  stage.addEventListener(kind, wake);
}

let resizing = 0;
new ResizeObserver(() => {
  clearTimeout(resizing);
  resizing = setTimeout(() => stream.resized(), RESIZED_MS);
}).observe(frame);

let hiding = 0;
function attend() {
  clearTimeout(hiding);
  if (!document.hidden) {
    listener.start();
    if (!stream.wanted) {
      stream.start();
    }
  } else {
    hiding = setTimeout(() => {
      listener.stop();
      stream.stop();
    }, HIDDEN_MS);
  }
}

try {
  const ratio = Number(localStorage.getItem(RATIO_KEY));
  if (ratio > 0.1 && ratio < 10) {
    frame.style.setProperty("--ratio", ratio);
  }
} catch {
  // As above.
}
notice();
document.addEventListener("visibilitychange", attend);
addEventListener("pagehide", () => stream.stop());
addEventListener("pageshow", attend);
attend();
