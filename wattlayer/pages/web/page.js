// Starts the page: reads what the program wrote into it and shows it.

const readers = {estimate: estimatePage, comparison: comparisonPage, measure: measuredPage, evaluation: evaluationPage};

function topBar() {
  const sections = [...document.querySelectorAll("#page section[id]")];
  const button = el("button", {type: "button", id: "theme", onclick: () => theme.toggle()});
  const name = () => { button.textContent = theme.dark() ? "light" : "dark"; button.title = `switch to ${button.textContent}`; };
  theme.listeners.push(name);
  name();
  document.getElementById("bar").append(el("a", {class: "brand", href: "#page"}, el("i", {"aria-hidden": "true"}), "wattlayer"),
    el("nav", {"aria-label": "sections"}, sections.map((node) => el("a", {href: `#${node.id}`}, node.querySelector("h2").textContent))), button);
}

function start() {
  const began = performance.now();
  const content = JSON.parse(document.getElementById("content").textContent);
  theme.start();
  readers[content.kind](content);
  topBar();
  document.getElementById("foot").append(el("p", {}, [`Made by ${content.program || "wattlayer"}`, content.date].filter(Boolean).join(", "), ". This file holds everything it shows and loads nothing. Charts: Apache ECharts, Apache License 2.0."));
  document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}

start();
