// <script src="https://…/forms/NAME/embed.js" async></script> puts the form where it stands. It sends nothing by itself.
(function () {
  "use strict";
  var here = document.currentScript;
  if (!here) return;
  var page = here.src.replace(/\/embed\.js.*$/, "");
  var frame = document.createElement("iframe");
  frame.src = page + "?embed";
  frame.title = here.dataset.title || "联系我们";
  frame.style.cssText = "width:100%;border:0;display:block;min-height:420px";
  frame.referrerPolicy = "no-referrer";
  window.addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow || !event.data) return;
    if (event.data.genjin === "height") frame.style.height = Math.min(4000, event.data.px | 0) + "px";
    if (event.data.genjin === "ready") {
      var visit = null;
      try { visit = JSON.parse(localStorage.getItem("genjin.visit")); } catch (_) { /* no storage here */ }
      if (visit) frame.contentWindow.postMessage({ genjin: "visit", visit: visit }, new URL(page).origin);
    }
  });
  here.parentNode.insertBefore(frame, here);
})();
