/* The timeline: look again every few seconds, go about with the arrow keys, drag with the planner's answer first. */
(() => {
    const root = document.getElementById("timeline");
    const board = document.getElementById("timeline-board");
    const panel = document.getElementById("timeline-panel");
    const lost = document.getElementById("timeline-lost");
    const panelBody = document.getElementById("timeline-panel-body");
    const LONG_PRESS = 400;
    const FIRST_PIXELS = 6;
    let drag = null;

    const bars = () => [...board.querySelectorAll(".tl-bar")];
    const scroller = () => document.getElementById("timeline-scroll");
    const grid = () => board.querySelector(".tl-grid");

    // The links to the services: a browser leaves a target where it is once any of it can be seen.

    const goToService = () => {
        const service = document.getElementById(window.location.hash.slice(1));
        if (service?.matches(".tl-anchor")) service.scrollIntoView({ block: "nearest", inline: "start" });
    };
    root.addEventListener("click", (event) => {
        if (event.target.closest('a[href^="#"]')) window.setTimeout(goToService);
    });
    goToService();

    const look = goOnLive({
        board,
        lost,
        isBusy: () => panel.open || drag !== null || document.hidden,
        keep: () => ({ left: scroller().scrollLeft, top: scroller().scrollTop }),
        restore: (places, focused) => {
            scroller().scrollTo({ ...places, behavior: "instant" });
            rove(focused);
        },
    });

    // Keys: one booking is in the order of the tab key, the arrows go on from there, Enter opens it.

    const rove = (bar) => {
        const every = bars();
        const current = every.includes(bar) ? bar : (every.find((each) => each.tabIndex === 0) ?? every[0]);
        every.forEach((each) => { each.tabIndex = each === current ? 0 : -1; });
    };

    const middle = (bar) => Number(bar.dataset.first) + Number(bar.dataset.last);

    const inRow = (bar) => bars().filter((each) => each.dataset.row === bar.dataset.row);

    const beside = (bar, step) => {
        const own = inRow(bar);
        return own[own.indexOf(bar) + step];
    };

    const across = (bar, step) => {
        const rows = [...new Set(bars().map((each) => each.dataset.row))];
        const row = rows[rows.indexOf(bar.dataset.row) + step];
        const found = bars().filter((each) => each.dataset.row === row);
        return found.sort((one, two) => Math.abs(middle(one) - middle(bar)) - Math.abs(middle(two) - middle(bar)))[0];
    };

    const GOES = {
        ArrowLeft: (bar) => beside(bar, -1),
        ArrowRight: (bar) => beside(bar, 1),
        ArrowUp: (bar) => across(bar, -1),
        ArrowDown: (bar) => across(bar, 1),
        Home: (bar) => inRow(bar)[0],
        End: (bar) => inRow(bar).at(-1),
    };

    board.addEventListener("keydown", (event) => {
        const bar = event.target.closest(".tl-bar");
        if (!bar || !(event.key in GOES)) return;
        event.preventDefault();
        GOES[event.key](bar)?.focus();
    });
    board.addEventListener("focusin", (event) => {
        if (event.target.matches(".tl-bar")) rove(event.target);
    });

    // Panel

    const addressOf = (booking) => `${root.dataset.address}${booking}/`;

    const show = (verb, url, values) => {
        panelBody.textContent = "One moment …";
        if (!panel.open) panel.showModal();
        const headers = { "X-CSRFToken": root.dataset.csrf };
        // Whatever goes wrong is said below, by the events of the panel.
        htmx.ajax(verb, url, { source: panelBody, target: panelBody, values, headers }).catch(() => {});
    };

    board.addEventListener("click", (event) => {
        const { booking, refused } = event.target.closest("[data-booking], [data-refused]")?.dataset ?? {};
        if (booking) show("GET", addressOf(booking));
        if (refused) show("GET", `${root.dataset.address}refused/?${new URLSearchParams({ at: refused })}`);
    });
    panel.addEventListener("click", (event) => {
        if (event.target.closest("[data-close]") || event.target === panel) panel.close();
    });
    for (const failure of ["htmx:responseError", "htmx:sendError"]) {
        panel.addEventListener(failure, () => {
            panelBody.textContent = "That did not work. Nothing was changed; please try again.";
        });
    }
    // Settled, not only swapped: before, a form that is sent would leave the page.
    panelBody.addEventListener("htmx:afterSettle", () => panelBody.querySelector("[autofocus]")?.focus());
    panel.addEventListener("submit", (event) => {
        if (event.target.hasAttribute("hx-post")) event.preventDefault();
    });
    document.body.addEventListener("timeline-moved", () => {
        panel.close();
        look();
    });
    panel.addEventListener("close", look);

    // Drag: the place is snapped to a table and a start; what the move would do is asked before it is one.

    const place = (event) => {
        const { bar, x } = drag;
        const row = document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.dataset?.table);
        const slots = JSON.parse(grid().dataset.slots);
        const width = (grid().clientWidth - grid().querySelector(".tl-corner").offsetWidth) / Number(grid().dataset.steps);
        const moved = Math.round((event.clientX - x + scroller().scrollLeft - drag.scrollLeft) / width);
        const wanted = Number(bar.dataset.first) + moved;
        const near = (slot) => Math.abs(slot[0] - wanted);
        const slot = slots.reduce((best, each) => (near(each) < near(best) ? each : best), slots[0]);
        const stays = Math.abs(moved) < 2 || slot?.[0] === Number(bar.dataset.first);
        return {
            table: row && !bar.dataset.tables.split(" ").includes(row.dataset.table) ? row.dataset.table : null,
            start: stays || !slot ? null : slot[1],
            label: slot?.[2],
            row,
        };
    };

    const begin = () => {
        drag.isOn = true;
        drag.ghost = Object.assign(document.createElement("div"), { className: "tl-ghost" });
        root.append(drag.ghost);
        root.classList.add("tl-dragging");
        drag.bar.classList.add("tl-dragged");
    };

    const follow = (event) => {
        const to = place(event);
        board.querySelectorAll(".tl-target").forEach((row) => row.classList.remove("tl-target"));
        to.row?.classList.add("tl-target");
        const words = [to.row?.dataset.number, to.start ? to.label : null].filter(Boolean).join(" · ");
        drag.ghost.textContent = words || "Here";
        drag.ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 12}px)`;
        const box = scroller().getBoundingClientRect();
        const edge = (at, from, to) => (at < from + 40 ? -12 : at > to - 40 ? 12 : 0);
        scroller().scrollBy({
            left: edge(event.clientX, box.left, box.right),
            top: edge(event.clientY, box.top, box.bottom),
            behavior: "instant",
        });
    };

    const finish = () => {
        clearTimeout(drag?.timer);
        drag?.ghost?.remove();
        drag?.bar.classList.remove("tl-dragged");
        root.classList.remove("tl-dragging");
        board.querySelectorAll(".tl-target").forEach((row) => row.classList.remove("tl-target"));
        drag = null;
    };

    board.addEventListener("pointerdown", (event) => {
        const bar = event.target.closest(".tl-bar");
        if (!bar || event.button !== 0 || !("mayMove" in root.dataset)) return;
        drag = { bar, x: event.clientX, y: event.clientY, scrollLeft: scroller().scrollLeft, isOn: false };
        // A finger scrolls, unless it rests first.
        if (event.pointerType === "touch") drag.timer = setTimeout(begin, LONG_PRESS);
    });
    document.addEventListener("pointermove", (event) => {
        if (!drag) return;
        const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > FIRST_PIXELS;
        if (!drag.isOn && far) {
            if (drag.timer) return finish();
            begin();
        }
        if (drag.isOn) follow(event);
    });
    document.addEventListener("touchmove", (event) => {
        if (drag?.isOn) event.preventDefault();
    }, { passive: false });
    document.addEventListener("pointerup", (event) => {
        if (!drag) return;
        const { bar, isOn } = drag;
        const to = isOn ? place(event) : null;
        finish();
        if (!isOn) return;
        // The click that follows a drag opens nothing.
        document.addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true });
        setTimeout(() => document.dispatchEvent(new MouseEvent("click")), 0);
        if (!to.table && !to.start) return;
        const values = { expected_version: bar.dataset.version, starts_at: to.start ?? "" };
        if (to.table) values.tables = to.table;
        show("POST", `${addressOf(bar.dataset.booking)}preview/`, values);
    });
    document.addEventListener("pointercancel", finish);
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && drag) finish();
    });

    // At first: the booking of the address, else the present near the left edge.

    rove(null);
    const named = window.location.hash.startsWith("#booking-") && document.getElementById(window.location.hash.slice(1));
    if (named) {
        named.focus();
    } else if (grid()?.dataset.present) {
        const left = (grid().scrollWidth * Number(grid().dataset.present)) / 100 - scroller().clientWidth / 4;
        scroller().scrollTo({ left, behavior: "instant" });
    }
})();
