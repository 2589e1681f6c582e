// A web worker cannot be started from a file on disk. This stands in for one there: it runs the worker's script in a hidden
// frame of the same page, so that search works in a publication that was copied to a laptop or a memory stick.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      this.onmessage = this.onerror = null
      this.waiting = []
      const frame = document.createElement("iframe")
      frame.hidden = true
      frame.title = "Search"
      frame.setAttribute("aria-hidden", "true")
      document.body.appendChild(frame)
      this.frame = frame
      const inside = frame.contentWindow
      frame.contentDocument.open()
      frame.contentDocument.write("<!doctype html><title>Search</title><body></body>")
      frame.contentDocument.close()
      inside.postMessage = data => this.emit(data)
      const script = frame.contentDocument.createElement("script")
      script.src = new URL(url, document.baseURI).href
      script.onload = () => {
        this.ready = true
        this.waiting.splice(0).forEach(data => this.postMessage(data))
      }
      frame.contentDocument.body.appendChild(script)
    }
    emit(data) {
      setTimeout(() => {
        const event = new MessageEvent("message", { data })
        this.dispatchEvent(event)
        if (this.onmessage) this.onmessage(event)
      })
    }
    postMessage(data) {
      if (!this.ready) { this.waiting.push(data); return }
      const inside = this.frame.contentWindow
      setTimeout(() => inside.dispatchEvent(new inside.MessageEvent("message", { data })))
    }
    terminate() { this.frame.remove() }
  }
  window.Worker = window.IFrameWorker
}
