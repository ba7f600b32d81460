/* The floor plan is arranged: by dragging, by keys or by buttons. Nothing is sent before it is saved. */
(() => {
    const { AIMS, root, board, tables, keyOf, places, isArranging, read, look, ...drawing } = window.floorPlan;
    const { set, sizeOf, reachOf, draw, write, count } = drawing;
    const said = document.getElementById("floor-plan-said");
    const tools = document.getElementById("floor-plan-tools");
    const arrange = document.getElementById("floor-plan-arrange");
    const undoButton = document.getElementById("floor-plan-undo");
    const saveButton = document.getElementById("floor-plan-save");
    const STEP = 10;
    const TURN = 45;
    const MARGIN = 40;
    let done = [];
    let current = null;

    const itemOf = (table) => places()[keyOf(table)];
    const isChanged = (item) => JSON.stringify(item.place) !== JSON.stringify(item.start);

    /* Those that were moved; in their sections also those that the plan had placed by itself, as they are shown. */
    const changed = () => tables().filter((table) => {
        const item = itemOf(table);
        const room = [...table.closest("svg").querySelectorAll(".fp-table")];
        const isTouched = room.some((each) => isChanged(itemOf(each)));
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
        const items = [...svg.querySelectorAll(".fp-table")].map(itemOf);
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
        const item = current && itemOf(current);
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
        saveButton.disabled = !number;
        saveButton.textContent = number ? `Save ${count(number, "table", "tables")}` : "Save";
        undoButton.disabled = !done.length;
    };

    const showArranged = (table) => {
        const item = itemOf(table);
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
        const item = itemOf(table);
        if (JSON.stringify({ ...item.place, ...place }) === JSON.stringify(item.place)) return;
        if (!isUndo) done.push([keyOf(table), item.place]);
        item.place = { ...item.place, ...place };
        showArranged(table);
        frame(table.closest("svg"));
        say(`${placeInWords(item)}.`);
        showTools();
    };

    const step = (table, key, isFar) => {
        const { x, y, rotation } = itemOf(table).place;
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
        for (const item of Object.values(places())) item.start = { ...item.place };
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
        const sent = changed().map((table) => {
            const { seen, place } = itemOf(table);
            return { table: Number(keyOf(table)), seen, wanted: place };
        });
        const headers = { "X-CSRFToken": root.dataset.csrf };
        const values = { places: JSON.stringify(sent) };
        // Whatever goes wrong is said below, by the events of the note.
        htmx.ajax("POST", root.dataset.save, { source: said, target: said, values, headers }).catch(() => {});
    };

    /* Somebody has placed these tables meanwhile: theirs are shown, and what was not theirs is still to be saved. */
    const takeTheirs = (theirs) => {
        for (const [key, place] of Object.entries(theirs)) {
            const item = places()[key];
            const shown = place.x === null || place.y === null ? { ...place, x: item.place.x, y: item.place.y } : place;
            [item.seen, item.place, item.start] = [place, { ...shown }, { ...shown }];
            done = done.filter(([other]) => other !== key);
        }
        tables().forEach(showArranged);
        board.querySelectorAll(".fp-svg").forEach(frame);
        showTools();
    };

    board.addEventListener("focusin", (event) => {
        const table = event.target.closest(".fp-table");
        if (table && isArranging()) choose(table);
    });
    board.addEventListener("keydown", (event) => {
        const table = event.target.closest(".fp-table");
        if (table && isArranging()) press(event, table);
    });
    arrange.addEventListener("click", () => {
        if (!isArranging()) begin();
        else if (changed().length) say("Save the changes, or leave without saving.");
        else leave();
    });
    document.getElementById("floor-plan-leave").addEventListener("click", () => {
        leave();
        say("Nothing was saved.");
    });
    undoButton.addEventListener("click", undo);
    saveButton.addEventListener("click", save);
    document.body.addEventListener("floor-plan-saved", () => {
        // As they stand now, until the next look brings the evening anew.
        const text = document.getElementById("floor-plan-data");
        text.textContent = JSON.stringify({ ...JSON.parse(text.textContent), places: places() });
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
        const { place } = itemOf(table);
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
})();
