// Puts a grid (DataTables) in the place of a table that kqlext wrote, for as long as the page is open.
//
// An output runs this once and is taken away at once, so that a saved notebook has nothing of it. The output that stays
// is an element with this id and the plain table in it: when the page shows that element, the grid goes into it.
// Library and table come gzipped and in base64, which is no markup; the table is HTML that kqlext escaped.
(async (id, { script, style, table }) => {
  const unzip = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };

  const load = async () => {
    document.head.append(Object.assign(document.createElement("style"), { textContent: await unzip(style) }));
    const address = URL.createObjectURL(new Blob([await unzip(script)], { type: "text/javascript" }));
    const library = await import(address);
    URL.revokeObjectURL(address);
    library.set_or_remove_dark_class();
    library.default.ext.errMode = "throw"; // it would open a dialogue
    return library.default;
  };

  const options = {
    order: [], // as the service gave them
    autoWidth: false,
    pageLength: 25,
    lengthMenu: [10, 25, 100, 500],
    layout: { topStart: "search", topEnd: "info", bottomStart: "pageLength", bottomEnd: "paging" },
    columnControl: [{ target: 1, content: ["searchText"] }],
  };

  const start = async () => {
    const grids = new Map();
    const place = () => {
      for (const [id, grid] of grids) {
        const target = document.getElementById(id);
        if (!target || target.contains(grid.box)) continue;
        // A result that is shown once more takes its grid with it.
        grid.box.previousElementSibling?.removeAttribute("hidden");
        target.firstElementChild.hidden = true;
        target.append(grid.box);
        grid.draw();
      }
    };
    const DataTable = await load();
    new MutationObserver(place).observe(document.body, { childList: true, subtree: true });
    return (id, html) => {
      const box = document.createElement("div");
      box.innerHTML = html;
      const draw = () => {
        for (const table of box.querySelectorAll("table:not(.dataTable)")) {
          table.parentElement.style.maxHeight = "none"; // it has pages
          table.classList.add("display", "compact");
          new DataTable(table, options);
        }
      };
      grids.set(id, { box, draw });
      place();
    };
  };

  window.kqlextGrid ??= start();
  (await window.kqlextGrid)(id, await unzip(table));
})
