"use strict";
// Draws the report. Whatever comes from a build is given out by textContent only.
(async () => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, classes, text) => {
    const node = document.createElement(tag);
    if (classes) node.className = classes;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const size = (bytes) => {
    let unit = 0;
    while (bytes >= 1024 && unit < 5) { bytes /= 1024; unit++; }
    return (unit ? (Math.floor(bytes * 10) / 10).toFixed(1) : bytes) + "\u00a0" + UNITS[unit];
  };
  const number = (count) => count.toLocaleString("en");
  const many = (count, noun) => number(count) + " " + noun + (count === 1 ? "" : "s");

  const unpack = async () => {
    const text = atob($("data").textContent);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  };
  const texts = ([shared, rest]) => {
    let before = "";
    return rest.map((text, at) => (before = before.slice(0, shared[at]) + text));
  };

  let data;
  try {
    data = await unpack();
  } catch (error) {
    $("failure").textContent = "This browser cannot read the data of this page: " + error.message + ". Browsers from 2023 on can.";
    $("failure").hidden = false;
    return;
  }

  // Rows: paths first, then members of archives, each with its archive.
  const rows = texts(data.p).map((path, at) => ({
    path, kind: data.kinds[data.k[at]], old: data.o[at], new: data.n[at], bytes: data.b[at], written: data.w[at],
    copied: data.c[at], from: undefined, archive: undefined, inside: 0,
  }));
  data.f.forEach(([at, from]) => { rows[at].from = from; });
  const archives = rows.length;
  texts(data.mp).forEach((name, at) => {
    const archive = rows[data.mi[at]];
    archive.inside++;
    rows.push({
      path: name || "(the archive's own directory)", kind: data.memberKinds[data.mk[at]], old: data.mo[at], new: data.mn[at],
      bytes: data.mb[at], written: data.mw[at], copied: 0, from: undefined, archive, inside: 0,
    });
  });
  rows.forEach((row) => {
    row.full = row.archive ? row.archive.path + " \u203a " + row.path : row.path;
    row.key = row.full.toLowerCase();
  });

  // The head.
  const short = (hash) => hash.slice(0, 12);
  if (data.estimate) {
    const badge = make("span", "badge", "an estimate");
    $("over").append(badge);
  }
  $("builds").textContent = "From build " + short(data.from) + " to " + short(data.to) + (data.release ? "; signed as " + data.release : "");
  const tile = (name, value, more) => {
    const list = make("dl", "tile-card");
    list.style.margin = "0";
    const figure = make("dd", "", value);
    if (more) figure.append(make("small", "", more));
    list.append(make("dt", "", name), figure);
    $("tiles").append(list);
  };
  const about = data.estimate ? "\u2248\u00a0" : "";
  tile("Patch", about + size(data.bytes), data.new ? (100 * data.bytes / data.new).toFixed(1) + " % of what changes" : "");
  tile("Files that change", size(data.new), "were " + size(data.old) + " before");
  tile("Written when applied", about + size(data.written), "at most, besides the journal");
  tile("Paths", number(data.count), data.memory ? "applying takes " + size(data.memory) + " of memory" : "that differ");

  // What it is made of.
  const sections = data.totals.map(([kind, count, bytes]) => ({ kind, bytes, text: many(count, "path") }));
  sections.push({ kind: "index", bytes: data.index, text: "paths, lengths, hashes" });
  for (const section of sections) {
    if (section.bytes > 0) {
      const bar = make("span");
      bar.style.flexGrow = section.bytes;
      bar.style.background = "var(--" + section.kind + ")";
      $("stack").append(bar);
    }
    const item = make("li");
    const dot = make("span", "dot");
    dot.style.background = "var(--" + section.kind + ")";
    item.append(dot, make("span", "", section.kind), make("b", "", size(section.bytes)), make("span", "soft", section.text));
    $("legend").append(item);
  }

  // Advice.
  const search = $("search");
  const show = (text) => {
    search.value = text;
    refresh();
    $("files").scrollIntoView({ block: "start" });
    search.focus({ preventScroll: true });
  };
  data.advice.forEach((advice) => {
    const item = make("li");
    const saved = advice.now - (advice.then ?? 0);
    const gain = make("div", "gain", advice.then === null ? size(advice.now) : "\u2212" + size(saved));
    const what = advice.written ? "to be written" : "of the patch";
    gain.append(make("small", "", advice.then === null ? what : size(advice.now) + " \u2192 " + size(advice.then) + " " + what));
    const body = make("div");
    const link = (path) => {
      const button = make("button", "link path", path);
      button.type = "button";
      button.addEventListener("click", () => show(path));
      return button;
    };
    if (advice.paths.length === 1) {
      const where = make("p", "where");
      where.append(link(advice.paths[0]));
      body.append(where);
    }
    const words = make("p");
    advice.text.split("`").forEach((part, at) => words.append(at % 2 ? make("code", "", part) : part));
    body.append(words);
    if (advice.paths.length > 1) {
      const details = make("details");
      const more = advice.count - advice.paths.length;
      details.append(make("summary", "", "Which files" + (more > 0 ? " (the " + advice.paths.length + " that cost most)" : "")));
      const list = make("ul");
      advice.paths.forEach((path) => {
        const entry = make("li");
        entry.append(link(path));
        list.append(entry);
      });
      list.querySelectorAll("li").forEach((entry) => { entry.style.cssText = "display:list-item;padding:0;border:0;background:none;box-shadow:none"; });
      details.append(list);
      body.append(details);
    }
    item.append(gain, body);
    $("advice").append(item);
  });
  $("advice-section").hidden = data.advice.length === 0;

  // The map: a tree of folders, and of archives with their members.
  const METRICS = [["bytes", "in the patch"], ["written", "written"], ["new", "new length"]];
  const root = { name: "", children: new Map(), row: null, up: null };
  const below = (node, name) => {
    let child = node.children.get(name);
    if (!child) node.children.set(name, (child = { name, children: new Map(), row: null, up: node }));
    return child;
  };
  const nodeOf = new Map();
  for (const row of rows) {
    let node = row.archive ? nodeOf.get(row.archive) : root;
    for (const part of row.path.split("/")) if (part) node = below(node, part);
    node.row = row;
    nodeOf.set(row, node);
  }
  const sum = (node) => {
    const value = { bytes: 0, written: 0, new: 0 };
    let leaves = 0;
    for (const child of node.children.values()) {
      sum(child);
      for (const [metric] of METRICS) value[metric] += child.value[metric];
      leaves += child.leaves;
    }
    // An archive is what its members are.
    if (node.row && (!node.children.size || !node.row.inside)) {
      for (const [metric] of METRICS) value[metric] += node.row[metric];
      leaves++;
    }
    node.value = value;
    node.leaves = leaves;
  };
  sum(root);

  let metric = "bytes";
  let here = root;
  const map = $("map");
  const path = (node) => (node.up ? (node.up.up ? path(node.up) + "/" : "") + node.name : "");
  const TILES_MAX = 900, HEAD = 19, GAP = 2, LEAST = 5;

  // Boxes whose areas are the values, as square as can be.
  const squarify = (nodes, box, place) => {
    const total = nodes.reduce((all, node) => all + node.value[metric], 0);
    let { x, y, w, h } = box;
    let left = total, at = 0;
    while (at < nodes.length && w > 0 && h > 0 && left > 0) {
      const side = Math.min(w, h), area = w * h;
      let count = 0, line = 0, worst = Infinity;
      while (at + count < nodes.length) {
        const value = nodes[at + count].value[metric];
        const next = line + value;
        const thick = (next / left) * area / side;
        const ends = [nodes[at].value[metric], value].map((v) => ((v / left) * area) / thick);
        const ratio = Math.max(...ends.map((long) => Math.max(long / thick, thick / Math.max(long, 1e-9))));
        if (count && ratio > worst) break;
        [worst, line, count] = [ratio, next, count + 1];
      }
      const thick = (line / left) * area / side;
      let along = 0;
      for (const node of nodes.slice(at, at + count)) {
        const long = (node.value[metric] / line) * side;
        place(node, w >= h ? { x, y: y + along, w: thick, h: long } : { x: x + along, y, w: long, h: thick });
        along += long;
      }
      if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
      left -= line;
      at += count;
    }
  };

  let tiles = [];
  const describe = (node) => {
    const row = node.row;
    const kind = row ? ", " + row.kind : "";
    const inside = node.children.size ? ", " + many(node.leaves, "path") + " inside" : kind;
    const value = node.value;
    return path(node) + ": " + size(value.bytes) + " in the patch, " + size(value.written) + " written" + inside;
  };
  const tint = (node) => {
    // A folder takes the colour of what costs most in it, where it is too small to look into.
    let at = node;
    while (at.children.size) at = [...at.children.values()].reduce((a, b) => (b.value[metric] > a.value[metric] ? b : a));
    // Files of one kind look alike, others a little different.
    const ending = at.name.slice(at.name.lastIndexOf(".") + 1);
    let shade = 0;
    for (let i = 0; i < ending.length; i++) shade = (shade * 31 + ending.charCodeAt(i)) % 4;
    return "color-mix(in srgb, var(--" + (at.row ? at.row.kind : "changed") + ") " + (100 - 6 * shade) + "%, black)";
  };
  const put = (node, box, isFolder) => {
    const button = make("button", isFolder ? "folder" : "leaf");
    button.type = "button";
    button.tabIndex = -1;
    button.style.left = box.x + GAP / 2 + "px";
    button.style.top = box.y + GAP / 2 + "px";
    button.style.width = Math.max(box.w - GAP, 1) + "px";
    button.style.height = Math.max(box.h - GAP, 1) + "px";
    if (!isFolder) button.style.background = tint(node);
    if (isFolder) button.title = path(node);
    if (box.w < 26 || box.h < 16) button.style.padding = "0";
    else {
      button.append(make("span", "", node.name + (isFolder ? "  " + size(node.value[metric]) : "")));
      if (!isFolder && box.h > 36) button.append(make("small", "", size(node.value[metric])));
    }
    button.setAttribute("aria-label", describe(node));
    button.node = node;
    button.box = box;
    tiles.push(button);
    return button;
  };
  const layout = (node, box, depth) => {
    const nodes = [...node.children.values()].filter((child) => child.value[metric] > 0);
    nodes.sort((a, b) => b.value[metric] - a.value[metric]);
    squarify(nodes, box, (child, place) => {
      if (place.w < LEAST || place.h < LEAST || tiles.length >= TILES_MAX) return;
      const isOpen = child.children.size > 0 && depth < 4 && place.w > 52 && place.h > 46;
      put(child, place, isOpen);
      if (isOpen) {
        layout(child, { x: place.x + 4, y: place.y + HEAD, w: place.w - 8, h: place.h - HEAD - 4 }, depth + 1);
      }
    });
  };
  const draw = (focus) => {
    tiles = [];
    const box = { x: 0, y: 0, w: map.clientWidth, h: map.clientHeight };
    if (here.value[metric] > 0) layout(here, box, 0);
    map.replaceChildren(...tiles);
    if (!tiles.length) map.append(make("p", "", "Nothing here costs bytes of that kind."));
    else tiles[0].tabIndex = 0;
    if (focus && tiles.length) tiles[0].focus({ preventScroll: true });
    const crumbs = [];
    for (let node = here; node; node = node.up) crumbs.unshift(node);
    $("crumbs").replaceChildren(...crumbs.flatMap((node, at) => {
      const name = node.up ? node.name : "all";
      const last = at === crumbs.length - 1;
      const crumb = make(last ? "b" : "button", last ? "" : "link", name);
      if (!last) {
        crumb.type = "button";
        crumb.addEventListener("click", () => open(node));
      }
      return at ? [make("span", "", "/"), crumb] : [crumb];
    }), make("span", "", size(here.value[metric]) + " " + METRICS.find(([name]) => name === metric)[1] + ", " + many(here.leaves, "path")));
  };
  const open = (node) => {
    here = node;
    page = 0;
    draw(true);
    refresh();
  };
  map.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const node = button.node;
    if (node.children.size) open(node);
    else show(node.row ? node.row.full : path(node));
  });
  const nearest = (from, dx, dy) => {
    const middle = (box) => [box.x + box.w / 2, box.y + box.h / 2];
    const [x, y] = middle(from.box);
    let best = null, least = Infinity;
    for (const tile of tiles) {
      if (tile === from || tile.className === "folder" && tile.node === from.node.up) continue;
      const [tx, ty] = middle(tile.box);
      const along = (tx - x) * dx + (ty - y) * dy;
      const aside = Math.abs((tx - x) * dy) + Math.abs((ty - y) * dx);
      if (along > 1 && along + 2 * aside < least) [best, least] = [tile, along + 2 * aside];
    }
    return best;
  };
  map.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const from = document.activeElement;
    if ((event.key === "Backspace" || event.key === "Escape") && here.up) open(here.up);
    else if (step && from && from.node) {
      const next = nearest(from, ...step);
      if (next) {
        from.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      }
    } else return;
    event.preventDefault();
  });
  const hint = $("hint"), idle = hint.textContent;
  const tell = (event) => {
    const button = event.target.closest && event.target.closest("button");
    hint.textContent = button && button.node ? describe(button.node) : idle;
  };
  map.addEventListener("pointerover", tell);
  map.addEventListener("focusin", tell);
  map.addEventListener("pointerleave", () => { hint.textContent = idle; });
  METRICS.forEach(([name, text]) => {
    const button = make("button", "", text);
    button.type = "button";
    button.setAttribute("aria-pressed", name === metric);
    button.addEventListener("click", () => {
      metric = name;
      [...$("metrics").children].forEach((other) => other.setAttribute("aria-pressed", other === button));
      draw(false);
    });
    $("metrics").append(button);
  });

  // The table.
  const COLUMNS = [
    ["full", "Path"], ["kind", "Kind"], ["old", "Old"], ["new", "New"], ["bytes", "Patch"], ["written", "Written"],
  ];
  const PAGE = 100;
  let by = "bytes", isDown = true, page = 0, shown = rows;
  const most = rows.reduce((most, row) => Math.max(most, row.archive ? 0 : row.bytes), 1);
  COLUMNS.forEach(([name, text], at) => {
    const head = make("th", at > 1 ? "number" : "");
    head.scope = "col";
    const button = make("button", "", text);
    button.type = "button";
    const arrow = make("span", "arrow");
    arrow.setAttribute("aria-hidden", "true");
    button.append(arrow);
    button.addEventListener("click", () => {
      isDown = by === name ? !isDown : at > 1;
      by = name;
      page = 0;
      refresh();
    });
    head.append(button);
    head.column = name;
    $("columns").append(head);
  });
  const kinds = [...new Set(rows.map((row) => row.kind))];
  $("kind").append(new Option("every kind", ""), ...kinds.map((kind) => new Option(kind, kind)));

  const isHere = (row) => {
    if (here === root) return true;
    for (let node = nodeOf.get(row); node; node = node.up) if (node === here) return true;
    return false;
  };
  const compare = (a, b) => {
    const [x, y] = [a[by], b[by]];
    const order = x < y ? -1 : x > y ? 1 : 0;
    return (isDown ? -order : order) || (a.key < b.key ? -1 : 1);
  };
  const pick = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const whole = search.value.toLowerCase();
    const kind = $("kind").value;
    shown = rows.filter((row) =>
      (!kind || row.kind === kind) && isHere(row) && (row.key.includes(whole) || words.every((word) => row.key.includes(word))));
    shown.sort(compare);
  };
  const cell = (classes, text) => make("td", classes, text);
  const draft = (row) => {
    const line = make("tr");
    const name = cell("name");
    if (row.archive) name.append(make("span", "soft", row.archive.path + " \u203a "));
    name.append(make("span", "", row.path));
    if (row.from) name.append(make("span", "soft", " from " + row.from));
    if (row.inside) name.append(make("span", "soft", "  " + many(row.inside, "member")));
    const kind = cell("kind"), mark = make("span"), dot = make("span", "dot");
    dot.style.background = "var(--" + row.kind + ")";
    mark.append(dot, row.kind);
    kind.append(mark);
    const bytes = cell("number", size(row.bytes)), bar = make("span", "bar");
    bar.style.width = Math.max(100 * row.bytes / most, row.bytes ? 1 : 0) + "%";
    bytes.append(bar);
    line.append(name, kind, cell("number", size(row.old)), cell("number", size(row.new)), bytes, cell("number", size(row.written)));
    return line;
  };
  const list = () => {
    const from = page * PAGE, until = Math.min(from + PAGE, shown.length);
    $("rows").replaceChildren(...shown.slice(from, until).map(draft));
    const where = here === root ? "" : " in " + path(here);
    const found = shown.length === rows.length ? many(rows.length, "row") : number(shown.length) + " of " + many(rows.length, "row");
    $("status").textContent = shown.length
      ? found + where + ", " + number(from + 1) + " to " + number(until) + " shown"
      : "Nothing found" + where + ".";
    [...$("columns").children].forEach((head) => {
      const mine = head.column === by;
      head.setAttribute("aria-sort", mine ? (isDown ? "descending" : "ascending") : "none");
      head.querySelector(".arrow").textContent = mine ? (isDown ? "\u2193" : "\u2191") : "";
    });
    const pages = Math.ceil(shown.length / PAGE);
    const turn = (text, to, isOff) => {
      const button = make("button", "", text);
      button.type = "button";
      button.disabled = isOff;
      button.addEventListener("click", () => {
        page = to;
        list();
        $("files").scrollIntoView({ block: "start" });
      });
      return button;
    };
    $("pager").replaceChildren(...(pages > 1
      ? [make("span", "", "Page " + number(page + 1) + " of " + number(pages)),
        turn("Back", page - 1, page === 0), turn("Next", page + 1, page + 1 >= pages)]
      : []));
  };
  function refresh() {
    pick();
    page = Math.min(page, Math.max(Math.ceil(shown.length / PAGE) - 1, 0));
    list();
  }
  search.addEventListener("input", () => { page = 0; refresh(); });
  $("kind").addEventListener("change", () => { page = 0; refresh(); });
  $("search-form").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    }
  });

  // What could not be said, and what must be known to read it.
  data.notes.forEach((note) => $("notes").append(make("li", "", note)));
  $("notes-section").hidden = data.notes.length === 0;
  const remark = (text) => $("footer").append(make("p", "", text));
  if (data.estimate) {
    const [tried, of] = data.estimate;
    remark("No patch was made. Both builds were read and cut into small pieces; new bytes were compressed against the old ones that stood there, "
      + (tried < of ? size(tried) + " of " + size(of) + " of them, the others count alike" : size(of) + " in all") + ". A patch is mostly smaller, of executables much smaller.");
  }
  remark("Files are compressed together: each has the share of the compressed bytes that it has of the content.");
  if (!data.inside) remark("A patch does not hold the names inside of archives: give both builds, with --old and --new, to see their members and more advice.");
  if (data.left.rows) remark("Left out of this page: " + many(data.left.rows, "path") + " that cost least, " + size(data.left.bytes) + " in all.");

  $("report").hidden = false;
  draw(false);
  refresh();
  let wait;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => draw(false), 100); });
  document.documentElement.dataset.ready = "yes";
})();
