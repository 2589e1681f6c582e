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
// The menu of a narrow screen opens with the keyboard: its button takes the focus (the theme presses it on Enter), and its
// links take it only while they can be seen.
for (const [name, says] of [["__drawer", "Menu"], ["__search", "Search"]]) {
  const button = document.querySelector(`.md-header__button[for="${name}"]`)
  const toggle = document.getElementById(name)
  if (!button || !toggle) continue
  const panel = name === "__drawer" && document.querySelector(".md-sidebar--primary")
  const show = () => {
    button.setAttribute("aria-expanded", toggle.checked)
    if (panel) panel.inert = !toggle.checked
  }
  Object.assign(button, { tabIndex: 0, role: "button", ariaLabel: says })
  button.addEventListener("keydown", event => {
    if (event.key === " ") { event.preventDefault(); button.click() }
  })
  toggle.addEventListener("change", () => {
    show()
    if (panel && toggle.checked) setTimeout(() => panel.querySelector(".md-nav__link[href]")?.focus(), 300)
  })
  if (panel) panel.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !toggle.checked) return
    button.click()
    button.focus()
  })
  show()
}
