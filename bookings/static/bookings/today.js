/* Today goes on by itself: what has changed is drawn into the page, and what says the same stays the element that it
   is, with its focus, its place and what a person has opened in it, and is not read aloud again. */
(() => {
    const board = document.getElementById("today-board");
    const banners = document.getElementById("banners");
    const KEYS = ["formaction", "hx-get", "href"];
    let isSent = false;

    // An element with an id becomes the one of that id and no other.
    const morph = (shown, drawn) => Idiomorph.morph(shown, drawn.childNodes, {
        morphStyle: "innerHTML",
        callbacks: {
            // What was asked for here is no part of the board.
            beforeNodeMorphed: (old) => !("kept" in (old.dataset ?? {})),
            beforeAttributeUpdated: (name, element, change) => !(name === "open" && change === "remove"),
        },
    });

    board.addEventListener("htmx:afterSwap", ({ target, detail }) => {
        if (target !== board) return;
        const drawn = new DOMParser().parseFromString(detail.xhr.response, "text/html");
        for (const part of drawn.body.children) {
            const shown = document.getElementById(part.id);
            if (shown) morph(shown, part);
        }
        for (const child of board.children) htmx.process(child);
    });

    // From the tap to the page that answers it no row moves under the finger.
    window.addEventListener("submit", (event) => { isSent ||= !event.defaultPrevented; });
    window.addEventListener("pageshow", () => { isSent = false; });

    const isInUse = () =>
        [banners, board].some((part) => part.matches(":active")) ||
        document.activeElement?.matches("input, select, textarea") ||
        document.querySelector("dialog[open]") !== null;

    goOnLive({
        board,
        lost: document.getElementById("today-lost"),
        isBusy: () => document.hidden || isSent || isInUse(),
        keep: () => ({
            key: KEYS.map((name) => [name, document.activeElement?.getAttribute(name)]).find(([, value]) => value),
            scrolled: [...board.querySelectorAll(".scrolling")].map((box) => [box, box.scrollLeft]),
        }),
        restore: ({ key, scrolled }) => {
            // What is moved in the page begins at its left edge again.
            for (const [box, left] of scrolled) box.scrollLeft = left;
            // A party that is late by now stands in another list.
            if (!key || document.activeElement !== document.body) return;
            board.querySelector(`[${key[0]}="${CSS.escape(key[1])}"]`)?.focus({ preventScroll: true });
        },
    });
})();
