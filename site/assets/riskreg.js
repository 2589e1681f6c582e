// Adds what a generated page cannot know: how old it is now, and the reader's own time. Nothing depends on it.
(() => {
  const offline = document.querySelector("[data-rr-offline]")
  if (offline && location.protocol === "file:") {
    offline.hidden = false
    offline.textContent = "You are reading a copy on disk. All pages and the search work without a network."
  }
  const meta = document.querySelector('meta[name="riskreg-as-of"]')
  if (!meta) return
  const asOf = new Date(meta.content)
  const hours = Math.floor((Date.now() - asOf) / 36e5)
  if (Number.isNaN(hours)) return
  const age = hours < 48 ? `${Math.max(hours, 0)} h` : `${Math.floor(hours / 24)} days`
  const here = asOf.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })
  const text = hours >= 24 ? `These pages are ${age} old.` : `These pages are ${age} old (made from what was known at ${here} your time).`
  document.querySelectorAll("[data-rr-age]").forEach(place => {
    const foot = place.classList.contains("rr-foot__age")
    if (!foot && hours < 24) return
    place.textContent = foot ? text : ` · ${text}`
    place.classList.toggle("rr-stale", hours >= 24)
  })
})()
// A table or a drawing that is wider than its place can be scrolled with the keyboard too.
document.querySelectorAll(".rr-figure, .md-typeset__scrollwrap").forEach(place => {
  if (place.scrollWidth > place.clientWidth) place.tabIndex = 0
})
