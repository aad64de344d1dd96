"use strict";
(() => {
  const rows = [...document.getElementById("portfolio").tBodies[0].rows];
  const find = document.querySelector(".find");
  const { words, state } = find.elements;
  const count = find.querySelector("output");
  const few = 300; // rows that a browser lays out while somebody types

  for (const row of rows) row.words = row.textContent.toLowerCase();

  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matching = 0;
    for (const row of rows) {
      const fits = (!state.value || row.dataset.state === state.value) && wanted.every((word) => row.words.includes(word));
      if (fits) matching += 1;
      row.hidden = !fits || matching > few;
    }
    const shown = matching > few ? `, the first ${few} shown` : "";
    count.textContent = `${matching} of ${rows.length} units${shown}`;
  };

  find.addEventListener("input", show);
  find.addEventListener("submit", (event) => event.preventDefault());
  find.hidden = false;
  show();
})();
