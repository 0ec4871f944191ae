/** The page's script: sorting tables and showing all digits. The page is complete without it. */
export const SCRIPT: string = `
'use strict';
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  const heads = [...table.querySelectorAll('thead tr:last-child th')];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.title = 'Sort by this column';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') !== 'descending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
      const isText = head.classList.contains('text');
      const rows = [...body.rows].map((row) => [key(row), row]);
      rows.sort(([a], [b]) => {
        if (isText) return (a === '') - (b === '') || (down ? 1 : -1) * a.localeCompare(b, 'en', { numeric: true });
        const [x, y] = [a === '' ? NaN : Number(a), b === '' ? NaN : Number(b)];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
        return down ? y - x : x - y;
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
}
for (const box of document.querySelectorAll('input[data-digits]')) {
  box.parentElement.hidden = false;
  box.addEventListener('change', () => {
    for (const cell of document.getElementById(box.dataset.digits).querySelectorAll('td[title]')) {
      const text = cell.textContent;
      cell.textContent = cell.title;
      cell.title = text;
    }
  });
}
`;
