// What the server is asked, and what it tells.

async function ask(method, path, body) {
  const options = { method, credentials: "same-origin" };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The board does not answer.");
  }
  if (!answer.ok) {
    throw new Error((await answer.text()).trim() || `${answer.status}`);
  }
  return answer;
}

export const set = (thing, value) => ask("POST", `/set/${thing}`, { value });
export const snapshot = () => ask("GET", "/snapshot.jpg").then((answer) => answer.blob());
export const likely = (x, y) => ask("GET", `/likely?x=${x}&y=${y}`).then((answer) => answer.json());
export const addHint = (hint) => ask("POST", "/hints", hint);
export const removeHint = (id) => ask("DELETE", `/hints/${encodeURIComponent(id)}`);

const SILENCE_MS = 8000; // the server tells something every few seconds
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;

// Calls `on[kind](data)` for each event, `on.lost()` once when the server is heard no more, `on.back()` when it is
// heard again. Tries for ever.
export class Listener {
  constructor(viewer, on) {
    this.viewer = viewer;
    this.on = on;
    this.retryMs = FIRST_RETRY_MS;
    this.source = null;
    this.lost = false;
    this.wanted = false;
    this.timer = 0;
  }

  start() {
    this.wanted = true;
    if (!this.source) {
      this.#open();
    }
  }

  stop() {
    this.wanted = false;
    this.#close();
  }

  #open() {
    clearTimeout(this.timer);
    const source = new EventSource(`/events?viewer=${this.viewer}`);
    this.source = source;
    for (const kind of ["figures", "switches", "hints", "stream"]) {
      source.addEventListener(kind, (event) => {
        this.#heard();
        this.on[kind](JSON.parse(event.data));
      });
    }
    source.onerror = () => this.#again();
    this.#watch(SILENCE_MS);
  }

  #close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  #heard() {
    this.retryMs = FIRST_RETRY_MS;
    this.#watch(SILENCE_MS);
    if (this.lost) {
      this.lost = false;
      this.on.back();
    }
  }

  #watch(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#again(), milliseconds);
  }

  #again() {
    this.#close();
    if (!this.lost) {
      this.lost = true;
      this.on.lost();
    }
    this.timer = setTimeout(async () => {
      if (await locked()) {
        location.reload();
      }
      if (this.wanted && !this.source) {
        this.#open();
      }
    }, this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }
}

async function locked() {
  try {
    return (await fetch("/hints", { signal: AbortSignal.timeout(LAST_RETRY_MS) })).status === 401;
  } catch {
    return false;
  }
}
