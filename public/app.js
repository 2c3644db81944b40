// What every page has: notices. Everything works without this file.
const SHOWN_MS = 7000
/** Also for the files that come after this one. */
const on = (...given) => document.addEventListener(...given)

/** Words from the server or the network, said once, beside whatever is being typed. */
const notice = (words) => {
  const toast = document.createElement('p')
  toast.className = 'toast'
  toast.textContent = words
  document.getElementById('toasts')?.append(toast)
  setTimeout(() => toast.remove(), SHOWN_MS)
}
on('notice', ({ detail }) => notice(detail.words))
/** Words that somebody typed and nobody has yet. */
const isTyped = () =>
  document.querySelector('[data-unsaved]') || [...document.querySelectorAll('textarea, input')].some((one) => one.value !== one.defaultValue)
on('signed-out', () => {
  if (isTyped()) notice(document.body.dataset.signedOut)
  else location.reload()
})
// What is not ours, such as the sign-in page that a host leads to or the page of a proxy that failed, takes no place in our pages.
on('htmx:before:response', (event) => {
  const { raw, status, headers } = event.detail.ctx.response
  if (headers.has('wa-page') || headers.get('content-type')?.startsWith('text/event-stream')) return
  event.preventDefault()
  notice(document.body.dataset[raw.redirected || status === 401 ? 'signedOut' : status >= 500 ? 'failed' : 'foreign'])
})
on('htmx:response:error', ({ detail }) => {
  const { status } = detail.ctx.response
  if (status >= 500) notice(document.body.dataset.failed)
})
on('htmx:error', ({ target }) => {
  // The live stream and refreshes come back by themselves.
  if (target instanceof Element && (target.form || target.closest('form'))) notice(document.body.dataset.offline)
})
// What hangs over the page closes by Escape, and by a press anywhere else.
const shut = (which, except = null) => {
  for (const open of document.querySelectorAll(which)) {
    if (open.contains(except)) continue
    if (open.contains(document.activeElement)) open.querySelector('summary').focus()
    open.open = false
  }
}
on('keydown', ({ key }) => {
  if (key === 'Escape') shut(':is(.kebab, .clip, .wa-list, .confirm)[open]')
})
on('click', ({ target }) => shut(':is(.kebab, .clip)[open]', target))
// A tab that nobody sees asks for nothing, not even its stream, and for what it missed when it is seen again.
// Nor does what only news change, while the stream beats: it would be told.
const BEATS_MS = 40000
let missed = false
let beat
on('beat', ({ timeStamp }) => {
  beat = timeStamp
})
on('htmx:config:request', (event) => {
  const { sourceEvent, sourceElement } = event.detail.ctx
  const asks = sourceEvent?.type === 'every'
  missed ||= asks && document.hidden
  if (document.hidden ? asks || sourceElement.id === '_live' : asks && sourceElement.matches('[data-still]') && event.timeStamp < beat + BEATS_MS)
    event.preventDefault()
})
on('htmx:sse:before:connection', (event) => {
  if (document.hidden) event.preventDefault()
})
on('visibilitychange', () => {
  if (!document.hidden && missed) document.dispatchEvent(new Event('changed'))
  missed &&= document.hidden
})
