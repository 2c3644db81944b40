// What every page has: notices. Everything works without this file.
const SHOWN_MS = 7000

/** Words from the server or the network, said once, beside whatever is being typed. */
const notice = (words) => {
  const toast = document.createElement('p')
  toast.className = 'toast'
  toast.textContent = words
  document.getElementById('toasts')?.append(toast)
  setTimeout(() => toast.remove(), SHOWN_MS)
}
document.addEventListener('notice', ({ detail }) => notice(detail.words))
document.addEventListener('htmx:response:error', ({ detail }) => {
  const { status } = detail.ctx.response
  if (status >= 500) notice(document.body.dataset.failed)
})
document.addEventListener('htmx:error', ({ target }) => {
  // The live stream and refreshes come back by themselves.
  if (target instanceof Element && target.closest('form')) notice(document.body.dataset.offline)
})
