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
    language: {
      search: "Filter:",
      lengthMenu: "_MENU_ rows a page",
      info: "_START_ to _END_ of _TOTAL_ rows",
      infoEmpty: "0 rows",
      infoFiltered: "(of _MAX_)",
      emptyTable: "no rows",
      zeroRecords: "no row holds that",
    },
  };

  const draw = (DataTable, table) => {
    table.parentElement.style.maxHeight = "none"; // it has pages
    table.style.cssText = "table-layout:auto;width:auto;margin:0";
    table.classList.add("display", "compact");
    const names = [...table.querySelectorAll("thead th")].map((header) => header.textContent);
    const grid = new DataTable(table, options);
    grid.table().container().style.background = "none"; // the page's, light or dark
    const filters = grid.table().header().querySelectorAll("input");
    filters.forEach((filter, index) => filter.setAttribute("aria-label", `Filter ${names[index]}`));
  };

  const start = async () => {
    const DataTable = await load();
    const grids = new Map();
    const place = () => {
      for (const [id, box] of grids) {
        const target = document.getElementById(id);
        if (!target || target.contains(box)) continue;
        target.firstElementChild.hidden = true;
        target.append(box);
      }
    };
    new MutationObserver(place).observe(document.body, { childList: true, subtree: true });
    return (id, html) => {
      const box = document.createElement("div");
      box.innerHTML = html;
      // Before it is in the page, which then lays out the rows that are seen only.
      box.querySelectorAll("table").forEach((table) => draw(DataTable, table));
      grids.set(id, box);
      // Those that are seen stay; of the others not all can be kept for when their cell is drawn anew.
      if (grids.size > 50) grids.delete(grids.keys().next().value);
      place();
    };
  };

  window.kqlextGrid ??= start();
  (await window.kqlextGrid)(id, await unzip(table));
})
