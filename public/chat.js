// Comforts of the chat pages. Everything works without this file.
const NEAR = 48
const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR
const toEnd = (log) => {
  log.scrollTop = log.scrollHeight
}
/** Which logs their reader has left the end of; a new log begins at its end. */
const away = new WeakSet()
const logs = () => document.querySelectorAll('[data-stick]')

on(
  'scroll',
  ({ target }) => {
    if (!(target instanceof Element) || !target.matches('[data-stick]')) return
    if (isAtEnd(target)) away.delete(target)
    else away.add(target)
  },
  true,
)
const settle = () => {
  for (const log of logs()) if (!away.has(log)) toEnd(log)
}
on('htmx:after:swap', settle)
addEventListener('resize', settle)
addEventListener('load', settle)
settle()

// Enter sends where there is a keyboard; on a touch screen it is a new line, as in the app.
on('keydown', (event) => {
  if (event.key === 'Escape') for (const open of document.querySelectorAll('.wa-list[open], .clip[open], .confirm[open]')) open.open = false
  const field = event.target
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !field.matches?.('[data-enter]')) return
  if (!matchMedia('(hover: hover)').matches) return
  event.preventDefault()
  if (field.value.trim() !== '') field.form.requestSubmit()
})

// Sent: the field is empty again, and the attachments are closed.
on('htmx:after:request', ({ target, detail }) => {
  const form = target instanceof Element ? target.closest('form[data-reset]') : null
  if (!form || !detail?.ctx?.response || detail.ctx.response.status >= 400) return
  form.reset()
  for (const open of form.querySelectorAll('details[open]')) open.open = false
})
// What is being written to a customer stays in this tab, whatever becomes of the page: the window may close and open again meanwhile. It is its writer's.
const composer = () => document.getElementById('composer-text')
const place = () => `draft ${document.body.dataset.user} ${location.pathname}`
on('input', ({ target }) => {
  if (target === composer()) sessionStorage.setItem(place(), target.value)
})
on('htmx:after:request', ({ target, detail }) => {
  if (target.id === '_composer' && detail.ctx.response?.status < 400) sessionStorage.removeItem(place())
})
const recall = () => {
  const field = composer()
  if (field?.value === '') field.value = sessionStorage.getItem(place()) ?? ''
}
on('htmx:after:swap', recall)
recall()
// A composer that was swapped keeps the cursor that its predecessor had.
let wrote = false
on('htmx:before:swap', () => {
  wrote = document.activeElement?.closest('form')?.querySelector('[data-focus]') != null
})
on('htmx:after:swap', () => {
  if (wrote && (document.activeElement === document.body || document.activeElement === null))
    document.querySelector('[data-focus]')?.focus({ preventScroll: true })
})
