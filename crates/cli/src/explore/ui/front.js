// Shows only what has the words that are looked for. Without this everything is shown.
const filter = document.getElementById('filter');
const items = [...document.querySelectorAll('ul.worlds > li')];
filter.closest('p').hidden = false;
filter.addEventListener('input', () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) {
        const text = item.textContent.toLowerCase();
        item.hidden = !words.every((word) => text.includes(word));
    }
    const shown = items.filter((item) => !item.hidden).length;
    document.getElementById('count').textContent = words.length ? `${shown} of ${items.length}` : '';
});
