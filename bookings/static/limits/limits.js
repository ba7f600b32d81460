// Arrow keys go from cell to cell, and the changed cells are counted: without it the form works all the same.
(function () {
    "use strict";
    const form = document.getElementById("limits_form");
    if (!form) {
        return;
    }
    const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

    // Rows between services, and cells that take no number, are passed by.
    function neighbour(cell, [down, right]) {
        const td = cell.closest("td");
        const rows = Array.from(td.closest("tbody").rows);
        let row = rows.indexOf(td.parentElement) + down;
        let column = td.cellIndex + right;
        while (rows[row] && (down || rows[row].cells[column])) {
            const place = rows[row].cells[column];
            const found = place && place.querySelector(".limits-cell");
            if (found) {
                return found;
            }
            row += down;
            column += right;
        }
        return null;
    }

    // Within a number the caret moves first; a number that is selected as a whole is left at once.
    function leaves(cell, key) {
        const isWhole = cell.selectionStart === 0 && cell.selectionEnd === cell.value.length;
        const isAtStart = cell.selectionEnd === 0;
        const isAtEnd = cell.selectionStart === cell.value.length;
        return isWhole || (key === "ArrowLeft" ? isAtStart : key === "ArrowRight" ? isAtEnd : true);
    }

    function count() {
        const cells = Array.from(form.querySelectorAll(".limits-cell"));
        cells.forEach((cell) => cell.classList.toggle("is-changed", cell.value.trim() !== cell.dataset.now));
        const changed = form.querySelectorAll(".limits-cell.is-changed").length;
        const said = changed === 0 ? "" : `${changed} ${changed === 1 ? "limit" : "limits"} changed, not saved yet`;
        document.getElementById("limits-changed").textContent = said;
    }

    form.addEventListener("keydown", function (event) {
        const step = STEPS[event.key];
        const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
        if (!step || !isPlain || !event.target.matches(".limits-cell") || !leaves(event.target, event.key)) {
            return;
        }
        const next = neighbour(event.target, step);
        if (next) {
            event.preventDefault();
            next.focus();
            next.select();
        }
    });
    form.addEventListener("input", count);
    count();
})();
