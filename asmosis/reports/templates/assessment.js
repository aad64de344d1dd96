"use strict";
(() => {
  // Details of thousands of units would make the page heavy: they are kept as data and drawn when somebody looks.
  const data = JSON.parse(document.getElementById("data").textContent);
  const text = (index) => data.texts[index];
  const table = document.getElementById("units");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const find = document.querySelector(".find");
  const [words, answer, kind] = ["words", "answer", "kind"].map((name) => find.elements[name]);
  const count = find.querySelector("output");
  const all = find.querySelector("button");
  const places = new Map();
  const few = 300; // rows that a browser lays out while somebody types
  let most = few;

  rows.forEach((row, position) => {
    const unit = data.units[position];
    row.unit = unit;
    row.kind = unit.name.split("/", 1)[0];
    row.words = [unit.name, unit.region, ...unit.machines, ...unit.findings.map((found) => text(found[1]))]
      .join("\n").toLowerCase();
    places.set(unit.name, row);
  });

  const element = (tag, content = "", kind = "") => {
    const made = document.createElement(tag);
    // Names come from outside: they are text and never markup.
    made.textContent = content;
    if (kind) made.className = kind;
    return made;
  };

  const listed = (title, items) => {
    const list = element("ul");
    list.append(...items);
    return [element("h3", title), list];
  };

  const finding = ([standing, rule, resource, message, evidence, waiver]) => {
    const name = text(rule);
    const [title, remedy, source, noticed] = data.rules[name];
    const item = element("li", "", standing);
    const head = element("p");
    head.append(element("strong", `${standing}: `), element("span", text(resource)), " ", element("code", name));
    item.append(head, element("p", text(message)));
    if (waiver) item.append(element("p", waiver));
    item.append(element("p", remedy));
    const origin = element("p", `${title}. Platform: ${noticed}. Seen at ${text(evidence)}. Source: `, "faint");
    if (source.startsWith("https://")) {
      const link = element("a", source.split("#", 1)[0].split("/").slice(-2).join("/"));
      link.href = source;
      link.rel = "noopener noreferrer";
      origin.append(link);
    } else origin.append(source);
    item.append(origin);
    return item;
  };

  const loss = (parts) => {
    const [subject, field, why, remedy] = parts.map(text);
    const item = element("li");
    const head = element("p");
    head.append(element("span", subject), " ", element("code", field));
    item.append(head, element("p", why), element("p", remedy));
    return item;
  };

  const detail = (unit) => {
    const row = element("tr", "", "detail");
    const cell = element("td");
    cell.colSpan = table.tHead.rows[0].cells.length;
    if (unit.findings.length) cell.append(...listed("Findings", unit.findings.map(finding)));
    else cell.append(element("p", "No rule found anything."));
    if (unit.losses.length) cell.append(...listed("What gets lost", unit.losses.map(loss)));
    if (unit.estimate) cell.append(element("h3", "How long"), element("p", unit.estimate));
    if (unit.machines.length) {
      const folded = element("details");
      folded.append(element("summary", `Machines: ${unit.machines.length}`), element("p", unit.machines.join(", ")));
      cell.append(folded);
    }
    row.append(cell);
    return row;
  };

  const close = (row) => {
    if (!row.classList.contains("open")) return;
    row.nextElementSibling.remove();
    row.classList.remove("open");
    row.querySelector("a").setAttribute("aria-expanded", "false");
  };

  const open = (row) => {
    if (row.classList.contains("open")) return;
    row.after(detail(row.unit));
    row.classList.add("open");
    row.querySelector("a").setAttribute("aria-expanded", "true");
  };

  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let fitting = 0;
    for (const row of rows) {
      const fits = (!answer.value || row.dataset.answer === answer.value) && (!kind.value || row.kind === kind.value)
        && wanted.every((word) => row.words.includes(word));
      fitting += fits;
      const shown = fits && fitting <= most;
      if (!shown) close(row);
      row.hidden = !shown;
    }
    const total = `${fitting === rows.length ? "" : `${fitting} of `}${rows.length} units`;
    count.textContent = fitting > most ? `${total}; the first ${most} are shown` : total;
    all.hidden = fitting <= most;
  };

  const sort = (header) => {
    const figures = header.classList.contains("n");
    // The first click shows what people look for: names from A, figures from the largest.
    const down = figures ? header.getAttribute("aria-sort") !== "descending" : header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentNode.querySelectorAll("[aria-sort]")) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const column = header.cellIndex;
    const value = figures
      ? (row) => Number(row.cells[column].textContent.replace(/\D/g, "") || 0)
      : (row) => row.cells[column].textContent;
    const compare = figures ? (a, b) => a - b : new Intl.Collator("en", { numeric: true }).compare;
    rows.forEach(close);
    const keyed = rows.map((row) => [value(row), row]);
    keyed.sort((a, b) => (down ? -1 : 1) * compare(a[0], b[0]));
    rows.splice(0, rows.length, ...keyed.map(([, row]) => row));
    body.append(...rows);
    filter();
  };

  const show = () => {
    const row = places.get(decodeURIComponent(location.hash.slice(1)));
    if (!row) return;
    // Where a link leads is shown, whatever is left out around it.
    row.hidden = false;
    open(row);
    row.scrollIntoView({ block: "center" });
  };

  let waiting = 0;
  find.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  all.addEventListener("click", () => {
    most = Infinity;
    filter();
  });
  find.addEventListener("submit", (event) => event.preventDefault());
  table.tHead.addEventListener("click", (event) => {
    if (event.target.matches("button")) sort(event.target.closest("th"));
  });
  body.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link?.hasAttribute("aria-expanded")) return;
    const row = link.closest("tr");
    if (row.classList.contains("open")) {
      event.preventDefault();
      close(row);
    } else open(row);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.matches("button.rule")) return;
    find.reset();
    words.value = event.target.textContent;
    filter();
    find.scrollIntoView();
  });
  window.addEventListener("hashchange", show);
  find.hidden = false;
  filter();
  show();
})();
