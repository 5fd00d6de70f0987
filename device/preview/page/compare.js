// Before and after: a line over the picture, to be dragged or moved by keys. Grey is to its left.

const SMALL = 1;
const LARGE = 10;
const MIDDLE = 50;

export function compare(frame, divider, button) {
  let split = 0;

  const show = (value) => {
    split = Math.min(Math.max(value, 0), 100);
    frame.style.setProperty("--split", split);
    frame.style.setProperty("--split-line", split > 0 && split < 100 ? 1 : 0);
    frame.classList.toggle("comparing", split > 0);
    frame.classList.toggle("show-before", split > 15);
    frame.classList.toggle("show-after", split > 0 && split < 85);
    divider.setAttribute("aria-valuenow", Math.round(split));
    divider.setAttribute("aria-valuetext", `${Math.round(split)} % as it was`);
    button.setAttribute("aria-pressed", split > 0);
  };

  let grabbed = 0;
  divider.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) {
      return;
    }
    divider.setPointerCapture(event.pointerId);
    const box = frame.getBoundingClientRect();
    grabbed = event.clientX - (box.left + (box.width * split) / 100);
    // The grip stays inside the picture at its edges, beside its line.
    if (Math.abs(grabbed) <= 44) {
      grabbed = 0;
    }
  });
  divider.addEventListener("pointermove", (event) => {
    if (divider.hasPointerCapture(event.pointerId)) {
      const box = frame.getBoundingClientRect();
      show(((event.clientX - grabbed - box.left) / box.width) * 100);
    }
  });
  divider.addEventListener("keydown", (event) => {
    const to = {
      ArrowLeft: split - SMALL,
      ArrowDown: split - SMALL,
      ArrowRight: split + SMALL,
      ArrowUp: split + SMALL,
      PageDown: split - LARGE,
      PageUp: split + LARGE,
      Home: 0,
      End: 100,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      show(to);
    }
  });
  button.addEventListener("click", () => show(split > 0 ? 0 : MIDDLE));
  show(0);
}
