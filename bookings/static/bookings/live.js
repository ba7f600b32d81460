/* A board that goes on by itself: a look every few seconds asks whether anything has changed. */
window.goOnLive = ({ board, lost, isBusy, keep, restore }) => {
    const look = () => htmx.trigger(board, "look");
    let kept = null;

    // What is in use is not pulled from under a hand.
    board.addEventListener("htmx:beforeRequest", (event) => {
        if (event.target === board && isBusy()) event.preventDefault();
    });
    board.addEventListener("htmx:configRequest", (event) => {
        if (event.target === board) event.detail.headers["If-None-Match"] = board.dataset.tag;
    });
    board.addEventListener("htmx:beforeSwap", (event) => {
        if (event.target !== board) return;
        const { xhr } = event.detail;
        if (xhr.status === 304 || xhr.status >= 500 || isBusy()) {
            // An error of the server leaves the evening as it was.
            event.detail.shouldSwap = false;
        } else if (!xhr.getResponseHeader("ETag")) {
            // Signed out meanwhile: the page itself leads to the login.
            event.detail.shouldSwap = false;
            window.location.reload();
        } else {
            board.dataset.tag = xhr.getResponseHeader("ETag");
            kept = { id: board.contains(document.activeElement) && document.activeElement.id, places: keep() };
        }
    });
    board.addEventListener("htmx:afterSwap", (event) => {
        if (event.target !== board || kept === null) return;
        restore(kept.places, document.getElementById(kept.id));
        if (kept.id) document.getElementById(kept.id)?.focus({ preventScroll: true });
        kept = null;
    });
    document.addEventListener("visibilitychange", look);
    board.addEventListener("htmx:afterRequest", (event) => {
        if (event.target === board) lost.hidden = [200, 304].includes(event.detail.xhr.status);
    });
    return look;
};
