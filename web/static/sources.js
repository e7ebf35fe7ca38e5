// 接入: copy buttons, a fresh secret, and the address that follows the name. The page works without all of it.
(() => {
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const at = (id) => document.getElementById(id);

  async function copy(field, button) {
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.select();
      document.execCommand("copy");
    }
    const said = button.textContent;
    button.textContent = "已复制";
    setTimeout(() => { button.textContent = said; }, 1500);
  }

  // so many letters of a set, each as likely as the other
  function letters(count, from) {
    let found = "";
    while (found.length < count) {
      const [byte] = crypto.getRandomValues(new Uint8Array(1));
      if (byte < 256 - (256 % from.length)) found += from[byte % from.length];
    }
    return found;
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = at(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", () => copy(field, button));
  }

  for (const button of document.querySelectorAll("[data-fresh]")) {
    const field = at(button.dataset.fresh);
    button.hidden = false;
    const { length, last } = button.dataset;
    button.addEventListener("click", () => {
      const bytes = crypto.getRandomValues(new Uint8Array(24));
      const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
      field.value = length ? letters(Number(length) - (last ? 1 : 0), LETTERS) + letters(last ? 1 : 0, last) : hex;
    });
  }

  const address = at("address"), name = document.querySelector("input[name=name]");
  if (address?.dataset.base && name) {
    const follow = () => { address.value = address.dataset.base + (name.value.trim() || "…"); };
    name.addEventListener("input", follow);
    follow();
  }

  const first = document.querySelector("[aria-invalid]") ?? at("outcome");
  if (first) {
    first.closest("details")?.setAttribute("open", "");
    first.focus();
    first.scrollIntoView({ block: "center" });
  }
})();
