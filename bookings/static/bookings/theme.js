// What Django's own widgets draw without a name for who does not see them.
function nameWidgets() {
    for (const field of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
        const select = field.closest(".select2-container")?.previousElementSibling;
        field.setAttribute("aria-label", select?.labels?.[0]?.textContent.trim() || "Search");
    }
    for (const icon of document.querySelectorAll("span.help-tooltip[aria-label]")) icon.setAttribute("role", "img");
}
// They are drawn when the page has loaded, by what was asked for later than this.
window.addEventListener("load", () => setTimeout(nameWidgets));
