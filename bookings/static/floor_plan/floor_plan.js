/* The floor plan: who sits where at any moment of the evening, without a request; and the arrangement of the tables. */
(() => {
    const root = document.getElementById("floor-plan");
    const board = document.getElementById("floor-plan-board");
    const slider = document.getElementById("floor-plan-slider");
    const now = document.getElementById("floor-plan-now");
    const said = document.getElementById("floor-plan-said");
    const lost = document.getElementById("floor-plan-lost");
    const tools = document.getElementById("floor-plan-tools");
    const arrange = document.getElementById("floor-plan-arrange");
    const PARTIES = ["held", "confirmed", "late", "arrived", "seated", "over", "completed", "conflict"];
    const STEP = 10;
    const TURN = 45;
    const MARGIN = 40;
    const PIXELS_OF_A_LETTER = 6;
    let data = null;
    // Seconds from the first instant; null goes with the present.
    let chosen = null;

    const tables = () => [...board.querySelectorAll(".fp-table")];
    const keyOf = (table) => table.dataset.table;
    const isArranging = () => root.classList.contains("fp-arranging");

    // A moment of the evening: the span of a table that holds it, in words.

    const moment = () => chosen ?? data.now ?? data.stops[data.busiest];
    const spanOf = (key, at) => data.tables[key].find((span) => at < span[1]) ?? data.tables[key].at(-1);
    const minutes = (seconds) => Math.max(0, Math.ceil(seconds / 60));
    const leftInWords = (seconds) => `${minutes(seconds)} min left`;
    const party = (key) => data.parties[key];
    const named = (key) => `${party(key).name}, party of ${party(key).size}`;

    const describeParty = (kind, key, others, at) => {
        const own = party(key);
        const joined = own.ids.length > 1 ? `, at ${own.tables}` : "";
        const waits = others.map((other) => `${named(other)}, ${kind === "over" ? "waits" : "has the table too"}`);
        const told = { who: [`${named(key)}${joined}`, ...waits].join("; "), url: own.url };
        const name = `${own.name} · ${own.size}`;
        if (kind === "over") {
            const over = minutes(at - own.until);
            const until = `was until ${own.clocks[1]}`;
            return { ...told, state: `Past its time, ${over} min`, until, lines: [name, `+${over} min`] };
        }
        const state = kind === "conflict" ? "Two parties" : own.state;
        const until = `until ${own.clocks[1]}, ${leftInWords(own.until - at)}`;
        return { ...told, state, until, lines: [name, `${minutes(own.until - at)} min`] };
    };

    const describe = (key, at) => {
        const [, until, clock, kind, who, others] = spanOf(key, at);
        if (PARTIES.includes(kind)) return { kind, ...describeParty(kind, who, others, at) };
        const end = clock ? `until ${clock}` : "for the rest of the evening";
        const next = others.length ? `, then ${named(others[0])}` : "";
        const left = clock ? `, ${leftInWords(until - at)}` : "";
        const states = { free: "Free", reset: "Being reset", out: "Out of service", blocked: `Blocked: ${data.blocks[who]}` };
        const short = { free: "Free", reset: "Reset", out: "Out", blocked: "Blocked" };
        const told = { kind, state: states[kind], who: "", url: null };
        if (kind === "out") return { ...told, until: "", lines: [short[kind]] };
        return { ...told, until: `${end}${left}${next}`, lines: [short[kind], clock ? `to ${clock}` : ""] };
    };

    const sentence = (number, told) => `${number}: ${[told.state, told.who, told.until].filter(Boolean).join(", ")}`;

    // Drawing

    const set = (element, values) => {
        for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
    };

    const sizeOf = (item) => {
        const [width, depth] = item.usual[item.place.shape];
        return [item.place.width ?? width, item.place.depth ?? depth];
    };

    const reachOf = (item) => {
        const [width, depth] = sizeOf(item);
        const turn = (item.place.rotation * Math.PI) / 180;
        const [across, along] = [Math.abs(Math.cos(turn)), Math.abs(Math.sin(turn))];
        return [(width * across + depth * along) / 2, (width * along + depth * across) / 2];
    };

    const draw = (table) => {
        const item = data.places[keyOf(table)];
        const [width, depth] = sizeOf(item);
        const isRound = item.place.shape === "round";
        set(table, { transform: `translate(${item.place.x} ${item.place.y})` });
        table.querySelectorAll("rect").forEach((rect) => set(rect, {
            x: -width / 2, y: -depth / 2, width, height: depth,
            rx: isRound ? width / 2 : 8, ry: isRound ? depth / 2 : 8,
            transform: `rotate(${item.place.rotation})`,
        }));
    };

    const shortened = (text, pixels) => {
        const letters = Math.max(3, Math.floor(pixels / PIXELS_OF_A_LETTER));
        return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
    };

    const write = (table, lines) => {
        const item = data.places[keyOf(table)];
        const wide = 2 * reachOf(item)[0] - (item.place.shape === "round" ? 12 : 6);
        const texts = [...table.querySelectorAll("text")];
        const shown = lines.filter(Boolean).length;
        texts[0].setAttribute("y", 4 - 7 * shown);
        [0, 1].forEach((line) => {
            texts[line + 1].textContent = shortened(lines[line] ?? "", wide);
            texts[line + 1].setAttribute("y", 4 - 7 * shown + 14 * (line + 1));
        });
    };

    const isAt = (own, key, at) => {
        const [, , , kind, who] = data.tables[key] ? spanOf(key, at) : [];
        return who === own.key && PARTIES.includes(kind);
    };

    const join = (at) => {
        board.querySelectorAll(".fp-svg").forEach((svg) => {
            const lines = [];
            for (const own of Object.values(data.parties)) {
                const keys = own.ids.filter((key) => svg.querySelector(`[data-table="${key}"]`) && isAt(own, key, at));
                keys.slice(1).forEach((key, before) => {
                    const [from, to] = [data.places[keys[before]].place, data.places[key].place];
                    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
                    set(line, { x1: from.x, y1: from.y, x2: to.x, y2: to.y });
                    lines.push(line);
                });
            }
            svg.querySelector(".fp-joins").replaceChildren(...lines);
        });
    };

    const link = (words, url) => {
        if (!url) return words;
        return Object.assign(document.createElement("a"), { href: url, textContent: words });
    };

    const showInList = (key, told) => {
        const row = board.querySelector(`[data-row="${key}"]`);
        const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
        cell("state").textContent = told.state;
        cell("who").replaceChildren(link(told.who, told.url));
        cell("until").textContent = told.until;
    };

    const showTable = (table, at) => {
        const told = describe(keyOf(table), at);
        const item = data.places[keyOf(table)];
        table.setAttribute("class", `fp-table fp-is-${told.kind}`);
        set(table, { "aria-label": sentence(item.number, told), role: told.url ? "link" : "img" });
        if (told.url) table.setAttribute("href", told.url);
        else table.removeAttribute("href");
        table.removeAttribute("tabindex");
        write(table, told.lines);
        showInList(keyOf(table), told);
        return told;
    };

    const showWaiting = (at) => {
        const waiting = Object.values(data.parties).filter((own) => !own.ids.length && own.from <= at && at < own.until);
        const note = document.getElementById("floor-plan-waiting");
        note.hidden = !waiting.length;
        const told = waiting.flatMap((own, place) => [place ? "; " : "", link(`${named(own.key)}, ${own.clocks.join(" to ")}`, own.url)]);
        note.replaceChildren("Without a table: ", ...told);
    };

    const count = (number, noun, nouns) => `${number} ${number === 1 ? noun : nouns}`;

    const sum = (all, at) => {
        const taken = all.filter((told) => PARTIES.includes(told.kind)).length;
        const free = all.filter((told) => told.kind === "free").length;
        const here = Object.values(data.parties).filter((own) => own.ids.some((key) => isAt(own, key, at)));
        const guests = here.reduce((covers, own) => covers + own.size, 0);
        const others = all.length - taken - free;
        return [
            `${count(taken, "table", "tables")} taken (${count(guests, "cover", "covers")})`,
            `${free} free`,
            others ? `${others} out of use or being reset` : "",
        ].filter(Boolean).join(", ");
    };

    const placeOf = (at) => data.stops.reduce((last, stop, place) => (stop <= at ? place : last), 0);

    const show = () => {
        const at = moment();
        const isLive = chosen === null && data.now !== null;
        const clock = isLive ? data.nowClock : data.clocks[placeOf(at)];
        const total = sum(tables().map((table) => showTable(table, at)), at);
        join(at);
        showWaiting(at);
        slider.max = data.stops.length - 1;
        slider.value = placeOf(at);
        slider.setAttribute("aria-valuetext", `${clock}: ${total}`);
        document.getElementById("floor-plan-clock").textContent = clock;
        board.querySelectorAll("[data-clock]").forEach((each) => { each.textContent = clock; });
        document.getElementById("floor-plan-sum").textContent = total;
        now.hidden = data.now === null;
        now.setAttribute("aria-pressed", isLive);
        rove();
    };

    slider.addEventListener("input", () => {
        chosen = data.stops[slider.value];
        show();
    });
    now.addEventListener("click", () => {
        chosen = null;
        show();
    });
    root.querySelectorAll("[data-seconds]").forEach((button) => button.addEventListener("click", () => {
        chosen = Number(button.dataset.seconds);
        show();
    }));

    // Keys, while looking: one booking is in the order of the tab key, the arrows go to the next one in their direction.

    const links = () => tables().filter((table) => table.hasAttribute("href"));

    const rove = (current = null) => {
        const every = links();
        const kept = every.includes(current) ? current : every.find((each) => each === document.activeElement) ?? every[0];
        every.forEach((each) => each.setAttribute("tabindex", each === kept ? 0 : -1));
    };

    const AIMS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

    const beside = (table, [across, down]) => {
        const middle = (each) => {
            const box = each.getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2];
        };
        const [x, y] = middle(table);
        const far = (each) => {
            const [dx, dy] = [middle(each)[0] - x, middle(each)[1] - y];
            const ahead = dx * across + dy * down;
            return ahead > 1 ? ahead + 2 * Math.abs(dx * down) + 2 * Math.abs(dy * across) : Infinity;
        };
        return links().filter((each) => far(each) < Infinity).sort((one, two) => far(one) - far(two))[0];
    };

    board.addEventListener("focusin", (event) => {
        const table = event.target.closest(".fp-table");
        if (!table) return;
        if (isArranging()) choose(table);
        else rove(table);
    });
    board.addEventListener("keydown", (event) => {
        const table = event.target.closest(".fp-table");
        if (!table) return;
        if (isArranging()) return press(event, table);
        if (!(event.key in AIMS)) return;
        event.preventDefault();
        beside(table, AIMS[event.key])?.focus();
    });

    // Live: one look asks whether anything has changed; an arrangement is not pulled from under a hand.

    const isBusy = () => isArranging() || document.hidden;
    const look = () => htmx.trigger(board, "floor-plan-look");
    let focused = null;

    const read = () => {
        data = JSON.parse(document.getElementById("floor-plan-data").textContent);
        for (const [key, own] of Object.entries(data.parties)) own.key = Number(key);
        tables().forEach(draw);
        show();
    };

    board.addEventListener("htmx:beforeRequest", (event) => {
        if (event.target === board && isBusy()) event.preventDefault();
    });
    board.addEventListener("htmx:configRequest", (event) => {
        if (event.target === board) event.detail.headers["If-None-Match"] = board.dataset.tag;
    });
    board.addEventListener("htmx:beforeSwap", (event) => {
        if (event.target !== board) return;
        const { xhr } = event.detail;
        if (xhr.status === 304 || isBusy()) {
            event.detail.shouldSwap = false;
        } else if (!xhr.getResponseHeader("ETag")) {
            // Signed out meanwhile: the page itself leads to the login.
            event.detail.shouldSwap = false;
            window.location.reload();
        } else {
            board.dataset.tag = xhr.getResponseHeader("ETag");
            const scrolled = [...board.querySelectorAll(".fp-scroll")].map((each) => each.scrollLeft);
            focused = { id: board.contains(document.activeElement) && document.activeElement.id, scrolled };
        }
    });
    board.addEventListener("htmx:afterSwap", (event) => {
        if (event.target !== board) return;
        read();
        board.querySelectorAll(".fp-scroll").forEach((each, place) => { each.scrollLeft = focused?.scrolled[place] ?? 0; });
        if (focused?.id) document.getElementById(focused.id)?.focus({ preventScroll: true });
        focused = null;
    });
    document.addEventListener("visibilitychange", look);
    board.addEventListener("htmx:afterRequest", (event) => {
        if (event.target === board) lost.hidden = [200, 304].includes(event.detail.xhr.status);
    });

    // Arranging: nothing is sent before it is saved.

    let done = [];
    let current = null;

    const isChanged = (item) => JSON.stringify(item.place) !== JSON.stringify(item.start);

    /* Those that were moved; in their sections also those that the plan had placed by itself, as they are shown. */
    const changed = () => tables().filter((table) => {
        const item = data.places[keyOf(table)];
        const room = [...table.closest("svg").querySelectorAll(".fp-table")];
        const isTouched = room.some((each) => isChanged(data.places[keyOf(each)]));
        return isChanged(item) || (isTouched && (item.seen.x === null || item.seen.y === null));
    });

    const metres = (centimetres) => (centimetres / 100).toFixed(1);

    const placeInWords = (item) => {
        const { x, y, shape, rotation } = item.place;
        const [width, depth] = sizeOf(item);
        const turned = rotation ? `, turned ${rotation}°` : "";
        return `${item.number}: ${shape}, ${width} by ${depth} cm${turned}, ${metres(x)} m across and ${metres(y)} m down`;
    };

    const say = (words) => { said.textContent = words; };

    const frame = (svg) => {
        const items = [...svg.querySelectorAll(".fp-table")].map((table) => data.places[keyOf(table)]);
        const ends = (axis, name) => items.map((item) => [item.place[name] - reachOf(item)[axis], item.place[name] + reachOf(item)[axis]]);
        const span = (axis, name) => [
            Math.floor(Math.min(...ends(axis, name).map((end) => end[0]))) - MARGIN,
            Math.ceil(Math.max(...ends(axis, name).map((end) => end[1]))) + MARGIN,
        ];
        const [[left, right], [top, bottom]] = [span(0, "x"), span(1, "y")];
        set(svg, { viewBox: `${left} ${top} ${right - left} ${bottom - top}` });
        svg.style.setProperty("--w", right - left);
        svg.style.setProperty("--h", bottom - top);
        set(svg.querySelector(".fp-floor"), { x: left, y: top, width: right - left, height: bottom - top });
    };

    const field = (name) => tools.querySelector(`[data-field="${name}"]`);

    const showTools = () => {
        const item = current && data.places[keyOf(current)];
        document.getElementById("floor-plan-chosen").textContent = item ? `Table ${item.number}` : "No table chosen";
        tools.querySelectorAll("[data-field], [data-move]").forEach((each) => { each.disabled = !item; });
        if (item) {
            const [width, depth] = sizeOf(item);
            field("shape").value = item.place.shape;
            set(field("width"), { placeholder: width });
            set(field("depth"), { placeholder: depth });
            field("width").value = item.place.width ?? "";
            field("depth").value = item.place.depth ?? "";
        }
        const number = changed().length;
        const save = document.getElementById("floor-plan-save");
        save.disabled = !number;
        save.textContent = number ? `Save ${count(number, "table", "tables")}` : "Save";
        document.getElementById("floor-plan-undo").disabled = !done.length;
    };

    const showArranged = (table) => {
        const item = data.places[keyOf(table)];
        draw(table);
        table.removeAttribute("href");
        const classes = ["fp-table", isChanged(item) && "fp-is-changed", table === current && "fp-is-chosen"];
        table.setAttribute("class", classes.filter(Boolean).join(" "));
        set(table, { role: "button", tabindex: 0, "aria-label": placeInWords(item), "aria-pressed": table === current });
        write(table, []);
    };

    const choose = (table) => {
        const before = current;
        current = table;
        for (const each of [before, table]) if (each?.isConnected) showArranged(each);
        showTools();
    };

    const put = (table, place, { isUndo = false } = {}) => {
        const item = data.places[keyOf(table)];
        if (JSON.stringify({ ...item.place, ...place }) === JSON.stringify(item.place)) return;
        if (!isUndo) done.push([keyOf(table), item.place]);
        item.place = { ...item.place, ...place };
        showArranged(table);
        frame(table.closest("svg"));
        say(`${placeInWords(item)}.`);
        showTools();
    };

    const step = (table, key, isFar) => {
        const { x, y, rotation } = data.places[keyOf(table)].place;
        const steps = STEP * (isFar ? 5 : 1);
        if (key in AIMS) put(table, { x: x + AIMS[key][0] * steps, y: y + AIMS[key][1] * steps });
        else put(table, { rotation: (rotation + (isFar ? 360 - TURN : TURN)) % 360 });
    };

    const press = (event, table) => {
        const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (!(key in AIMS) && key !== "r") return;
        event.preventDefault();
        step(table, key, event.shiftKey);
    };

    const undo = () => {
        const [key, place] = done.pop() ?? [];
        if (!key) return;
        const table = document.getElementById(`fp-table-${key}`);
        put(table, place, { isUndo: true });
        table.focus();
    };

    const begin = () => {
        root.classList.add("fp-arranging");
        for (const item of Object.values(data.places)) item.start = { ...item.place };
        [done, current] = [[], null];
        tools.hidden = false;
        document.getElementById("floor-plan-time").hidden = true;
        arrange.setAttribute("aria-pressed", true);
        document.getElementById("floor-plan-waiting").hidden = true;
        tables().forEach(showArranged);
        showTools();
        say("Arranging: the plan shows where the tables stand, not who sits there.");
    };

    const leave = () => {
        root.classList.remove("fp-arranging");
        tools.hidden = true;
        document.getElementById("floor-plan-time").hidden = false;
        arrange.setAttribute("aria-pressed", false);
        tables().forEach((table) => table.removeAttribute("aria-pressed"));
        read();
        board.querySelectorAll(".fp-svg").forEach(frame);
        arrange.focus();
        look();
    };

    const save = () => {
        const places = changed().map((table) => {
            const { seen, place } = data.places[keyOf(table)];
            return { table: Number(keyOf(table)), seen, wanted: place };
        });
        const headers = { "X-CSRFToken": root.dataset.csrf };
        // Whatever goes wrong is said below, by the events of the note.
        htmx.ajax("POST", root.dataset.save, { source: said, target: said, values: { places: JSON.stringify(places) }, headers }).catch(() => {});
    };

    /* Somebody has placed these tables meanwhile: theirs are shown, and what was not theirs is still to be saved. */
    const takeTheirs = (theirs) => {
        for (const [key, place] of Object.entries(theirs)) {
            const item = data.places[key];
            const shown = place.x === null || place.y === null ? { ...place, x: item.place.x, y: item.place.y } : place;
            [item.seen, item.place, item.start] = [place, { ...shown }, { ...shown }];
            done = done.filter(([other]) => other !== key);
        }
        tables().forEach(showArranged);
        board.querySelectorAll(".fp-svg").forEach(frame);
        showTools();
    };

    if (arrange) {
        arrange.addEventListener("click", () => {
            if (!isArranging()) begin();
            else if (changed().length) say("Save the changes, or leave without saving.");
            else leave();
        });
        document.getElementById("floor-plan-leave").addEventListener("click", () => {
            leave();
            say("Nothing was saved.");
        });
        document.getElementById("floor-plan-undo").addEventListener("click", undo);
        document.getElementById("floor-plan-save").addEventListener("click", save);
        document.body.addEventListener("floor-plan-saved", () => {
            for (const item of Object.values(data.places)) item.start = { ...item.place };
            document.getElementById("floor-plan-data").textContent = JSON.stringify(data);
            leave();
        });
        said.addEventListener("htmx:afterSwap", () => {
            const theirs = document.getElementById("floor-plan-theirs");
            if (theirs) takeTheirs(JSON.parse(theirs.textContent));
        });
        for (const failure of ["htmx:responseError", "htmx:sendError"]) {
            said.addEventListener(failure, () => say("That did not work, and nothing was saved. Please try again."));
        }
        tools.addEventListener("change", (event) => {
            const { field: name } = event.target.dataset;
            if (!name || !current) return;
            if (!event.target.reportValidity()) return;
            const { value } = event.target;
            put(current, { [name]: name === "shape" ? value : value === "" ? null : Math.round(Number(value)) });
        });
        tools.addEventListener("click", (event) => {
            const { move } = event.target.closest("[data-move]")?.dataset ?? {};
            if (move && current) step(current, move, event.shiftKey);
        });
        document.addEventListener("keydown", (event) => {
            const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.target.matches("input");
            if (!isArranging() || !isUndo) return;
            event.preventDefault();
            undo();
        });
        window.addEventListener("beforeunload", (event) => {
            if (isArranging() && changed().length) event.preventDefault();
        });
    }

    // Drag: the table follows the pointer from step to step; its frame is fitted when it is put down.

    let drag = null;

    const pointIn = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const snapped = (length) => Math.round(length / STEP) * STEP;

    board.addEventListener("pointerdown", (event) => {
        const table = event.target.closest(".fp-table");
        if (!table || event.button !== 0 || !isArranging()) return;
        event.preventDefault();
        table.focus();
        const at = pointIn(table.closest("svg"), event);
        const { place } = data.places[keyOf(table)];
        drag = { table, place, dx: place.x - at.x, dy: place.y - at.y };
        table.setPointerCapture(event.pointerId);
    });
    board.addEventListener("pointermove", (event) => {
        if (!drag) return;
        const at = pointIn(drag.table.closest("svg"), event);
        drag.to = { x: snapped(at.x + drag.dx), y: snapped(at.y + drag.dy) };
        drag.table.classList.add("fp-is-dragged");
        set(drag.table, { transform: `translate(${drag.to.x} ${drag.to.y})` });
    });
    const drop = (place) => {
        if (!drag) return;
        const { table } = drag;
        drag = null;
        table.classList.remove("fp-is-dragged");
        if (place) put(table, place);
        draw(table);
    };
    board.addEventListener("pointerup", () => drop(drag?.to));
    board.addEventListener("pointercancel", () => drop(null));
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape") drop(null);
    });

    read();
})();
