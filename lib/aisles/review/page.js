"use strict";
// All text is set as text (append, textContent): nothing of a feed is ever read as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 100;
const TONES = {
  "broken": "--bad", "disabled": "--idle", "never matches": "--idle", "harmful": "--bad",
  "redundant": "--spare", "retire: the model covers it": "--covered", "keep": "--keep",
};
const BASIS = {
  "sampled answers": "sampled", "sampled pairs": "sampled", "sampled sets": "sampled",
  "complete sets": "other", "other sets": "other", "other answers": "other",
};
const state = { advice: new Set(), search: "", scope: null };
const paths = new Map(data.categories.map((row) => [row.category_id, row]));
const count = new Intl.NumberFormat("en-GB");
const $ = (id) => document.getElementById(id);

function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}
const whole = (value) => (value === null ? "–" : count.format(value));
const percent = (value) => (value === null ? "–" : `${Math.round(100 * value)} %`);
const ratio = (part, all) => (part === null || !all ? null : part / all);

function bar(mean, low, high, basis) {
  if (mean === null) return el("span", { class: "faint" }, "not known");
  const kind = BASIS[basis] || "near";
  const band = el("span", { class: "band" });
  band.style.left = `${100 * low}%`;
  band.style.width = `${100 * (high - low)}%`;
  const dot = el("span", { class: "dot" });
  dot.style.left = `${100 * mean}%`;
  const range = ` ${Math.round(100 * low)}–${Math.round(100 * high)}`;
  const said = el("span", { class: "said" }, el("b", {}, percent(mean)), range);
  return el("span", { class: `bar ${kind}`, title: basis }, el("span", { class: "track", "aria-hidden": "true" }, band, dot), said);
}

function people(yes, no) {
  if (!yes && !no) return el("span", { class: "faint" }, "–");
  return el("span", {}, el("span", { class: "yes" }, `${whole(yes)} ✓`), " ", el("span", { class: "no" }, `${whole(no)} ✗`));
}

function place(id) {
  const row = paths.get(id);
  if (!row) return el("span", { class: "faint" }, id);
  const above = row.path.slice(0, row.path.length - row.name.length).replace(/ > $/, "");
  return el("span", {}, row.name, above ? el("small", {}, above) : null);
}

function advice(name) {
  const made = el("span", { class: "advice" }, name.split(":")[0]);
  made.style.setProperty("--tone", `var(${TONES[name]})`);
  return made;
}

const right = (row) => row.sampled_right + row.other_right;
const wrong = (row) => row.sampled_wrong + row.other_wrong;
const path = (row) => (paths.get(row.category_id) || { path: row.category_id }).path;
// name, value to sort by, cell, class, direction of the first click
const RULES = [
  ["Rule", (r) => r.rule_id, (r) => el("button", { class: "open-rule", type: "button", "aria-expanded": "false" }, r.rule_id), "", 1],
  ["Category", path, (r) => el("span", {}, r.effect === "is_not" ? el("b", {}, "not ") : null, place(r.category_id)), "path", 1],
  ["Advice", (r) => Object.keys(TONES).indexOf(r.advice), (r) => advice(r.advice), "", 1],
  ["Products", (r) => r.products, (r) => whole(r.products), "number", -1],
  ["Alone", (r) => r.unique_products, (r) => whole(r.unique_products), "number", -1],
  ["Conflict", (r) => r.conflict, (r) => whole(r.conflict), "number", -1],
  ["People", (r) => wrong(r), (r) => people(right(r), wrong(r)), "number", -1],
  ["Precision", (r) => r.precision, (r) => bar(r.precision, r.precision_low, r.precision_high, r.basis), "", 1],
  ["Model agrees", (r) => ratio(r.agreed, r.products), (r) => percent(ratio(r.agreed, r.products)), "number", 1],
];
const CATEGORIES = [
  ["Category", (c) => c.path, (c) => place(c.category_id), "path", 1],
  ["Rules", (c) => c.rules + c.rules_below, (c) => whole(c.rules + c.rules_below), "number", -1],
  ["Found", (c) => c.found, (c) => whole(c.found), "number", -1],
  ["People", (c) => wrong(c), (c) => people(right(c), wrong(c)), "number", -1],
  ["Precision", (c) => c.precision, (c) => bar(c.precision, c.precision_low, c.precision_high, c.basis), "", 1],
  ["Recall", (c) => c.recall, (c) => bar(c.recall, c.recall_low, c.recall_high, c.recall_basis), "", 1],
  ["Missed", (c) => c.missed, (c) => percent(c.missed), "number", -1],
  ["Model only", (c) => c.model_only, (c) => whole(c.model_only), "number", -1],
];

function sortable(id, columns, rows, first, cells) {
  const table = { at: first, way: columns[first][4], limit: PAGE };
  const [head, body] = [$(id).tHead, $(id).tBodies[0]];
  const more = document.querySelector(`[data-for="${id}"]`);
  const line = el("tr", {});
  columns.forEach(([name, , , kind], at) => {
    const button = el("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      table.way = table.at === at ? -table.way : columns[at][4];
      table.at = at;
      draw();
    });
    line.append(el("th", { scope: "col", class: kind }, button));
  });
  head.replaceChildren(line);
  more.addEventListener("click", () => { table.limit += PAGE; draw(); });
  function draw() {
    const value = columns[table.at][1];
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return table.way * (typeof x === "string" ? x.localeCompare(y) : x - y);
    };
    const kept = rows().sort(order);
    [...line.children].forEach((cell, at) => {
      cell.setAttribute("aria-sort", at !== table.at ? "none" : table.way > 0 ? "ascending" : "descending");
    });
    body.replaceChildren(...kept.slice(0, table.limit).map((row) => cells(row, columns)));
    more.hidden = kept.length <= table.limit;
    return kept.length;
  }
  return () => { table.limit = PAGE; return draw(); };
}

function cellsOf(row, columns) {
  return columns.map(([, , cell, kind]) => el("td", { class: kind }, cell(row)));
}

function ruleRow(row, columns) {
  const made = el("tr", { class: "row" }, ...cellsOf(row, columns));
  made.addEventListener("click", () => toggle(made, row, columns.length));
  return made;
}

function toggle(made, row, width) {
  const open = made.classList.toggle("open");
  made.querySelector(".open-rule").setAttribute("aria-expanded", String(open));
  if (open) made.after(el("tr", { class: "detail" }, el("td", { colspan: width }, detail(row))));
  else made.nextSibling.remove();
}

function detail(row) {
  const left = el("div", {}, el("h3", {}, "Condition"), el("code", {}, row.condition), ...listed("Matched texts", row.texts, matched), ...listed("Finds the same as", row.overlaps, (one) => el("li", {}, one.with_rule_id, el("span", { class: "faint" }, ` ${whole(one.products)} products`))));
  const side = el("div", {}, el("h3", {}, "What is known"), el("ul", { class: "plain" }, ...facts(row)), ...listed("Products", row.examples, (one) => example(one, row)));
  return el("div", {}, el("p", { class: "reason" }, row.reason), row.author_note ? el("p", { class: "faint" }, `Note: ${row.author_note}`) : null, el("div", { class: "columns" }, left, side));
}

function listed(title, rows, item) {
  return rows && rows.length ? [el("h3", {}, title), el("ul", { class: "plain" }, ...rows.map((row, at) => item(row, rows[0], at)))] : [];
}

function matched(one, largest) {
  const meter = el("span", { class: "meter" });
  meter.style.width = `${Math.max(2, (80 * one.products) / largest.products)}px`;
  return el("li", {}, meter, el("mark", {}, one.text), el("span", { class: "faint" }, ` ${one.field}, ${whole(one.products)} `), one.right || one.wrong ? people(one.right, one.wrong) : null);
}

function facts(row) {
  const told = (...parts) => el("li", {}, ...parts);
  return [
    told(bar(row.precision, row.precision_low, row.precision_high, row.basis), el("span", { class: "faint" }, ` precision, by ${row.basis === "prior" ? "assumption" : row.basis}`)),
    row.unique_precision === null ? null : told(bar(row.unique_precision, row.unique_low, row.unique_high, row.unique_basis), el("span", { class: "faint" }, ` of what it alone finds, by ${row.unique_basis}`)),
    told(people(row.sampled_right, row.sampled_wrong), el("span", { class: "faint" }, " sampled answers, "), people(row.other_right, row.other_wrong), el("span", { class: "faint" }, " others")),
    row.model_version === null ? null : told(`Model ${row.model_version} assigns ${whole(row.assigned)} of ${whole(row.products)}; without votes it says the same of ${whole(row.agreed)}.`),
    row.conflict_votes ? told(`Rules of the other effect vote on ${whole(row.conflict_votes)}.`) : null,
  ].filter(Boolean);
}

function example(one, row) {
  const right = one.answer === (row.effect === "is" ? 1 : -1);
  const said = one.answer === null ? "nobody asked" : right ? "people agree" : "people refuse";
  const tone = one.answer === null ? "faint" : right ? "yes" : "no";
  const model = row.model_version === null ? null : el("span", { class: "faint" }, one.assigned ? " · model assigns" : " · model does not assign");
  const text = one.match === null ? [one.title || "no title"] : [one.before, el("mark", {}, one.match), one.after];
  const where = one.field && one.field !== "title" ? el("span", { class: "faint" }, `${one.field}: `) : null;
  return el("li", {}, el("div", {}, where, ...text), el("small", {}, el("span", { class: "faint" }, `${one.product_id} · `), el("span", { class: tone }, said), model));
}

function rulesShown() {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  return data.rules.filter((row) => {
    if (state.advice.size && !state.advice.has(row.advice)) return false;
    const at = path(row);
    if (state.scope && at !== state.scope && !at.startsWith(`${state.scope} > `)) return false;
    if (!words.length) return true;
    const found = (row.texts || []).map((one) => one.text).join(" ");
    const text = `${row.rule_id} ${at} ${row.condition} ${found}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

const drawRules = sortable("rule-table", RULES, rulesShown, 3, ruleRow);
const drawCategories = sortable("category-table", CATEGORIES, () => [...data.categories], 2, (row, columns) => {
  const made = el("tr", { class: "row" }, ...cellsOf(row, columns));
  made.addEventListener("click", () => { scope(row.path); location.hash = "#rules"; });
  return made;
});

function refresh() {
  const shown = drawRules();
  $("shown").textContent = `${whole(shown)} of ${whole(data.rules.length)} rules`;
}

function scope(to) {
  state.scope = to;
  $("scope").hidden = to === null;
  $("scope").textContent = to === null ? "" : `In ${to} ✕`;
  refresh();
}

for (const name of Object.keys(TONES)) {
  const all = data.rules.filter((row) => row.advice === name).length;
  if (!all) continue;
  const chip = el("button", { type: "button", "aria-pressed": "false" }, advice(name), el("b", {}, whole(all)));
  chip.title = name;
  chip.style.setProperty("--tone", `var(${TONES[name]})`);
  chip.addEventListener("click", () => {
    const on = !state.advice.has(name);
    if (on) state.advice.add(name); else state.advice.delete(name);
    chip.setAttribute("aria-pressed", String(on));
    refresh();
  });
  $("advice").append(chip);
}
$("search").addEventListener("input", (event) => { state.search = event.target.value; refresh(); });
$("scope").addEventListener("click", () => scope(null));
document.querySelectorAll("[data-bar]").forEach((key) => {
  const shown = { sampled: [0.82, 0.7, 0.91, "sampled answers"], near: [0.8, 0.48, 0.98, "prior"], other: [0.55, 0.42, 0.68, "other sets"] };
  key.append(bar(...shown[key.dataset.bar]));
});
const model = data.rules.map((row) => row.model_version).find(Boolean);
const voting = data.rules.filter((row) => row.products > 0).length;
$("summary").textContent = `${whole(data.rules.length)} rules in force, ${whole(voting)} of them vote, over ${whole(data.active)} active products. ` + (model ? `Beside them stands model version ${model}.` : "No model has scored yet.");
refresh();
drawCategories();
