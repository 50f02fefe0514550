
for (const input of document.querySelectorAll("input[data-filters]")) {
  const told = input.parentElement.querySelector("output");
  const show = () => {
    const rows = [...document.getElementById(input.dataset.filters).tBodies].flatMap(body => [...body.rows]);
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word));
    }
    const shown = rows.filter(row => !row.hidden).length;
    told.textContent = input.value.trim() ? `${shown} of ${rows.length}` : "";
  };
  input.addEventListener("input", show);
  input.parentElement.hidden = false;
  // The script stands before the table; a browser may also have kept what was typed.
  addEventListener("DOMContentLoaded", show);
}
