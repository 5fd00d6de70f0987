"use strict";
document.documentElement.classList.add("js");
const find = document.getElementById("find");
const films = [...document.querySelectorAll("details.film")];
if (find) {
  find.hidden = false;
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/);
    for (const film of films) {
      const name = film.querySelector(".name").textContent.toLowerCase();
      film.hidden = !words.every((word) => name.includes(word));
    }
  });
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    document.execCommand("copy");
  }
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 1500);
});
