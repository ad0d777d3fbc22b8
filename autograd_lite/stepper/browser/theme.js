// Light or dark: what the reader chose, what the notebook shows, or what the system prefers.

/**
 * Keeps `data-theme` of an element right.
 *
 * @param {HTMLElement} root
 * @param {function(): void} onChange
 * @returns {{choose: function(string): void, toggle: function(): string, resolved: function(): string, stop: function}}
 */
export function watchTheme(root, onChange) {
  let chosen = "auto";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const resolved = () => (chosen === "auto" ? surrounding(system) : chosen);
  const apply = () => {
    if (root.dataset.theme === resolved()) return;
    root.dataset.theme = resolved();
    onChange();
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
  system.addEventListener("change", apply);
  const choose = (theme) => {
    chosen = ["light", "dark"].includes(theme) ? theme : "auto";
    apply();
  };
  const toggle = () => {
    choose(resolved() === "dark" ? "light" : "dark");
    return chosen;
  };
  const stop = () => {
    observer.disconnect();
    system.removeEventListener("change", apply);
  };
  apply();
  return { choose, toggle, resolved, stop };
}

/** JupyterLab and Notebook say it on the body; VS Code has a class for it. */
function surrounding(system) {
  const { dataset, classList } = document.body;
  if (dataset.jpThemeLight === "true") return "light";
  if (dataset.jpThemeLight === "false") return "dark";
  if (classList.contains("vscode-dark") || classList.contains("vscode-high-contrast")) return "dark";
  if (classList.contains("vscode-light")) return "light";
  return system.matches ? "dark" : "light";
}
