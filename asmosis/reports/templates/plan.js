"use strict";
(() => {
  const find = document.querySelector("form.find");
  if (find) {
    const rows = [...document.querySelectorAll("#units tbody tr")];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const show = () => {
      const words = find.words.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wave = find.wave.value;
      let shown = 0;
      rows.forEach((row, at) => {
        const fits = words.every((word) => texts[at].includes(word)) && (!wave || row.dataset.wave === wave);
        row.hidden = !fits;
        shown += fits;
      });
      find.querySelector("output").textContent = `${shown} of ${rows.length}`;
    };
    find.hidden = false;
    find.addEventListener("input", show);
    find.addEventListener("submit", (event) => event.preventDefault());
    show();
  }
  const graph = document.querySelector("svg.graph");
  const why = document.getElementById("why");
  if (!graph) return;
  const boxes = new Map([...graph.querySelectorAll(".box")].map((box) => [box.dataset.unit, box]));
  const lines = [...graph.querySelectorAll("path[data-first]")];
  let picked = null;
  const pick = (box) => {
    for (const each of graph.querySelectorAll(".near")) each.classList.remove("near");
    picked = box === picked ? null : box;
    graph.classList.toggle("picked", picked !== null);
    why.replaceChildren();
    if (!picked) return;
    const unit = picked.dataset.unit;
    picked.classList.add("near");
    const told = document.createElement("ul");
    for (const line of lines) {
      if (line.dataset.first !== unit && line.dataset.then !== unit) continue;
      line.classList.add("near");
      boxes.get(line.dataset.first).classList.add("near");
      boxes.get(line.dataset.then).classList.add("near");
      const item = document.createElement("li");
      item.textContent = line.classList.contains("together")
        ? `${line.dataset.first} goes with ${line.dataset.then}: ${line.dataset.why}`
        : `${line.dataset.then} goes after ${line.dataset.first}: ${line.dataset.why}`;
      told.append(item);
    }
    const name = document.createElement("strong");
    name.textContent = `${unit} — ${picked.dataset.told || "nothing to say"}`;
    why.append(name, told);
  };
  for (const box of boxes.values()) {
    box.addEventListener("click", () => pick(box));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      pick(box);
    });
  }
})();
