"use strict";
(() => {
  const table = document.getElementById("pairs");
  if (!table) return;
  // The properties of hundreds of machines would make the page heavy: they are kept as data, and drawn on demand.
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = [...table.tBodies[0].rows];
  const find = document.querySelector(".find");
  const { words, type, differs, all } = find.elements;
  const count = find.querySelector("output");
  const few = 40; // rows; more would hide what comes below, and be slow to lay out while somebody types

  rows.forEach((row, position) => {
    row.pair = data.pairs[position];
    row.words = row.textContent.toLowerCase();
  });

  const element = (tag, content = "", kind = "") => {
    const made = document.createElement(tag);
    // Names come from outside: they are text and never markup.
    made.textContent = content;
    if (kind) made.className = kind;
    return made;
  };

  const comparison = ([id, properties]) => {
    const made = element("table");
    const head = made.createTHead().insertRow();
    for (const title of ["Property", "Promised", "Found"]) {
      const cell = element("th", title);
      cell.scope = "col";
      head.append(cell);
    }
    const body = made.createTBody();
    for (const [path, promised, found, standing, why] of properties) {
      const row = body.insertRow();
      if (standing === "real") row.className = "differs";
      const name = row.insertCell();
      name.append(element("code", data.texts[path]));
      if (standing !== "kept") name.append(element("br"), `${standing}: ${data.texts[why]}`);
      row.insertCell().textContent = data.texts[promised] || "nothing";
      row.insertCell().textContent = standing === "kept" ? "as promised" : data.texts[found] || "nothing";
    }
    const holder = document.createDocumentFragment();
    holder.append(element("p", data.texts[id], "faint"), made);
    return holder;
  };

  const toggle = (row, button) => {
    const open = row.classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
    if (!open) {
      row.nextElementSibling.remove();
      return;
    }
    const detail = document.createElement("tr");
    detail.className = "detail";
    const cell = detail.insertCell();
    cell.colSpan = 5;
    cell.append(comparison(row.pair));
    row.after(detail);
  };

  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matching = 0;
    for (const row of rows) {
      const fits = (!type.value || row.dataset.type === type.value)
        && (!differs.checked || "differs" in row.dataset)
        && wanted.every((word) => row.words.includes(word));
      if (fits) matching += 1;
      row.hidden = !fits || (matching > few && !all.checked);
      const below = row.nextElementSibling;
      if (below && below.className === "detail") below.hidden = row.hidden;
    }
    const shown = matching > few && !all.checked ? `, the first ${few} shown` : "";
    count.textContent = `${matching} of ${rows.length} resources${shown}`;
  };

  table.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) toggle(button.closest("tr"), button);
  });
  find.addEventListener("input", show);
  find.addEventListener("submit", (event) => event.preventDefault());
  find.hidden = false;
  all.parentElement.hidden = rows.length <= few;
  show();
})();
