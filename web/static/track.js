// <script src="https://…/forms/track.js" data-consent="granted" defer></script> on the pages of your own site.
// It notes, in the visitor's own browser, which pages were looked at; they travel only with a form that is sent.
// Without consent nothing is noted: call genjin.consent(true) from your cookie banner, genjin.consent(false) forgets.
(function () {
  "use strict";
  var KEY = "genjin.visit", MOST = 20, DAYS = 30;
  var here = document.currentScript;
  var base = here ? here.src.replace(/track\.js.*$/, "") : "";
  var refused = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
  function load() {
    try {
      var visit = JSON.parse(localStorage.getItem(KEY));
      return visit && Date.now() - visit.born < DAYS * 864e5 ? visit : null;
    } catch (_) { return null; }
  }
  function save(visit) { try { localStorage.setItem(KEY, JSON.stringify(visit)); } catch (_) { /* full, or none */ } }
  function random() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (b) { return b.toString(16).padStart(2, "0"); }).join("");
  }
  function note() {
    var visit = load() || { id: random(), born: Date.now(), pages: [] };
    var url = location.origin + location.pathname;
    var last = visit.pages[visit.pages.length - 1];
    if (!last || last.u !== url) {
      visit.pages.push({ t: document.title.slice(0, 80), u: url.slice(0, 200), at: new Date().toISOString() });
    }
    visit.pages = visit.pages.slice(-MOST);
    save(visit);
  }
  function consent(given) {
    if (given && !refused) note();
    else try { localStorage.removeItem(KEY); } catch (_) { /* nothing was kept */ }
  }
  window.genjin = { consent: consent };
  if (refused) consent(false);
  else if (load() || (here && here.dataset.consent === "granted")) note();
  document.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("a[href]") : null;
    var visit = load();
    if (!link || !visit || !base || link.href.indexOf(base) !== 0 || link.href.indexOf("#") >= 0) return;
    link.href += "#v=" + encodeURIComponent(JSON.stringify({ id: visit.id, pages: visit.pages }));
  }, true);
})();
