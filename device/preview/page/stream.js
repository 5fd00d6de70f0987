// The picture itself: one stream in one image, started again whenever it has ended.

const PATIENCE_MS = 2500; // a stream that was asked for just now may not be there yet

export class Stream {
  // `onShape(ratio)`: width over height of the picture, whenever it changes. `onRefused(line)`: why there is none.
  constructor(image, viewer, { onShape, onRefused, onFirst }) {
    this.image = image;
    this.viewer = viewer;
    this.onShape = onShape;
    this.onFirst = onFirst;
    this.wanted = false;
    this.asked = 0;
    this.count = 0;
    this.width = 0;
    this.ratio = 0;
    image.addEventListener("load", () => this.look());
    image.addEventListener("error", async () => {
      if (this.wanted) {
        const line = await this.#refusal();
        if (line && this.wanted) {
          onRefused(line);
        }
      }
    });
  }

  start() {
    this.wanted = true;
    this.asked = performance.now();
    this.width = this.#needed();
    this.count += 1;
    this.image.src = `/stream.mjpg?viewer=${this.viewer}&width=${this.width}&n=${this.count}`;
  }

  stop() {
    this.wanted = false;
    this.image.removeAttribute("src");
  }

  // What the server says of this page's stream.
  told(there) {
    this.look();
    if (this.wanted && !there && performance.now() - this.asked > PATIENCE_MS) {
      this.start();
    }
  }

  // The room on the screen has changed: a picture of another width may be wanted.
  resized() {
    const needed = this.#needed();
    if (this.wanted && (needed > this.width || needed < this.width / 2)) {
      this.start();
    }
  }

  look() {
    const { naturalWidth, naturalHeight } = this.image;
    if (!naturalWidth || !naturalHeight) {
      return;
    }
    const ratio = naturalWidth / naturalHeight;
    // Smaller versions of a picture round its sides.
    if (Math.abs(ratio / (this.ratio || 1e-9) - 1) > 0.02) {
      this.ratio = ratio;
      this.onShape(ratio);
    }
    this.onFirst();
  }

  // Where in the picture a point of the window lies, as shares 0..1; null beside it.
  place(clientX, clientY) {
    const box = this.image.getBoundingClientRect();
    const { naturalWidth, naturalHeight } = this.image;
    const scale = Math.min(box.width / naturalWidth, box.height / naturalHeight);
    const width = naturalWidth * scale;
    const height = naturalHeight * scale;
    const x = (clientX - box.left - (box.width - width) / 2) / width;
    const y = (clientY - box.top - (box.height - height) / 2) / height;
    return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : null;
  }

  #needed() {
    return Math.ceil(this.image.getBoundingClientRect().width * Math.min(devicePixelRatio, 2));
  }

  async #refusal() {
    const control = new AbortController();
    try {
      const answer = await fetch("/stream.mjpg", { signal: control.signal });
      return answer.ok ? "" : (await answer.text()).trim();
    } catch {
      return "";
    } finally {
      control.abort();
    }
  }
}
