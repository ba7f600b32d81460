/* The floor plan: who sits where at any moment of the evening, without a request. `arranging.js` goes on from here. */
window.floorPlan = (() => {
    const root = document.getElementById("floor-plan");
    const board = document.getElementById("floor-plan-board");
    const slider = document.getElementById("floor-plan-slider");
    const now = document.getElementById("floor-plan-now");
    const lost = document.getElementById("floor-plan-lost");
    const PARTIES = ["held", "confirmed", "late", "arrived", "seated", "over", "completed", "conflict"];
    const PIXELS_OF_A_LETTER = 6.5;
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
            const over = Math.floor((at - own.until) / 60);
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
        const combined = Object.values(data.parties).filter((own) => own.ids.length > 1);
        board.querySelectorAll(".fp-svg").forEach((svg) => {
            const lines = [];
            for (const own of combined) {
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
        if (table && !isArranging()) rove(table);
    });
    board.addEventListener("keydown", (event) => {
        const table = event.target.closest(".fp-table");
        if (!table || isArranging() || !(event.key in AIMS)) return;
        event.preventDefault();
        beside(table, AIMS[event.key])?.focus();
    });

    const read = () => {
        data = JSON.parse(document.getElementById("floor-plan-data").textContent);
        for (const [key, own] of Object.entries(data.parties)) own.key = Number(key);
        tables().forEach(draw);
        show();
    };

    const look = goOnLive({
        board,
        lost,
        isBusy: () => isArranging() || document.hidden,
        keep: () => [...board.querySelectorAll(".fp-scroll")].map((each) => each.scrollLeft),
        restore: (places) => {
            read();
            board.querySelectorAll(".fp-scroll").forEach((each, place) => { each.scrollLeft = places[place] ?? 0; });
        },
    });

    read();
    return { AIMS, root, board, tables, keyOf, places: () => data.places, set, sizeOf, reachOf, draw, write, count, isArranging, read, look };
})();
