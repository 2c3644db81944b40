// Comforts of the chat pages. Everything works without this file.
const NEAR = 48
const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR
const toEnd = (log) => {
  log.scrollTop = log.scrollHeight
}
/** Which logs their reader has left the end of; a new log begins at its end, or at the message that the address names. */
const away = new WeakSet()
const logs = () => document.querySelectorAll('[data-stick]')
const pill = () => document.getElementById('unread-below')

on(
  'scroll',
  ({ target }) => {
    if (!(target instanceof Element) || !target.matches('[data-stick]')) return
    if (!isAtEnd(target)) return away.add(target)
    away.delete(target)
    if (target.contains(pill())) pill().hidden = true
  },
  true,
)
const settle = () => {
  for (const log of logs()) if (!away.has(log)) toEnd(log)
}
const aim = () => {
  const named = document.getElementById(location.hash.slice(1))
  const log = named?.closest('[data-stick]')
  if (!log) return settle()
  away.add(log)
  log.scrollTop += named.getBoundingClientRect().top - log.getBoundingClientRect().top - log.clientHeight / 3
}
addEventListener('resize', settle)
addEventListener('load', aim)
aim()

// Whoever reads further up keeps what they see; what came below it is offered.
let newest = null
const tell = () => {
  const log = document.querySelector('[data-to]')
  if (newest !== null && log?.dataset.to !== newest && away.has(log)) pill().hidden = false
  newest = log?.dataset.to ?? null
}
tell()
on('htmx:config:request', ({ detail }) => {
  const { sourceElement, request } = detail.ctx
  const log = sourceElement.id === '_talk' && sourceElement.querySelector('[data-from]')
  if (log && away.has(log)) request.action += `?from=${log.dataset.from}`
})
on('click', ({ target }) => {
  if (target !== pill()) return
  const log = target.closest('[data-stick]')
  toEnd(log)
  log.focus({ preventScroll: true })
})

// Enter sends where there is a keyboard; on a touch screen it is a new line, as in the app.
on('keydown', (event) => {
  const field = event.target
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !field.matches?.('[data-enter]')) return
  if (!matchMedia('(hover: hover)').matches) return
  event.preventDefault()
  if (field.value.trim() !== '' && !field.form.querySelector(':disabled')) field.form.requestSubmit()
})

// What is being written to a customer stays in this tab, whatever becomes of the page: the window may close and open again meanwhile. It is its writer's.
const place = () => `draft ${document.body.dataset.user} ${location.pathname}`
/** Said when it begins to matter. */
const count = (form) => {
  const counter = form?.querySelector('[data-limit]')
  if (!counter) return
  const n = [...form.querySelector('textarea').value.trim()].length
  const limit = Number(counter.dataset.limit)
  counter.textContent = n < limit * 0.9 ? '' : `${n}/${limit}`
  counter.classList.toggle('is-over', n > limit)
}
const recall = () => {
  const one = document.querySelector('[data-draft]')
  if (!one) return
  const words = sessionStorage.getItem(place()) ?? ''
  if (one.form) one.value ||= words
  else if (one.textContent === '') {
    one.textContent = words
    one.parentElement.hidden = words === ''
  }
  count(one.form)
}
on('input', ({ target }) => {
  if (target.matches('[data-draft]')) sessionStorage.setItem(place(), target.value)
  count(target.form)
})
recall()

// Of a form that did not get through it is said beside it; one that did is empty again, and its attachments are closed.
on('htmx:config:request', ({ detail }) => {
  const form = detail.ctx.sourceElement
  if (form.matches('form')) form.querySelector('[data-unsent]')?.replaceChildren()
})
const isThrough = ({ response }) => response?.status < 400 && response.headers.has('wa-page')
on('htmx:after:request', ({ detail }) => {
  const form = detail.ctx.sourceElement
  if (!form.matches('form') || !isThrough(detail.ctx)) return
  if (form.id === '_composer') sessionStorage.removeItem(place())
  if (!form.matches('[data-reset]')) return
  form.reset()
  count(form)
  for (const open of form.querySelectorAll('details[open]')) open.open = false
})
on('htmx:finally:request', ({ detail }) => {
  const form = detail.ctx.sourceElement
  const fault = form.matches('form') && !isThrough(detail.ctx) && form.querySelector('[data-unsent]')
  if (fault?.textContent === '') fault.textContent = fault.dataset.unsent
})

// A composer that was swapped, or a choice beside it that was made, keeps the cursor that its predecessor had.
let wrote = false
on('htmx:before:swap', () => {
  wrote = document.activeElement?.closest('#chooser-place, form:has([data-focus])') != null
})
on('htmx:after:swap', () => {
  settle()
  tell()
  recall()
  const isLost = wrote && (document.activeElement ?? document.body) === document.body
  const land = document.querySelector('[data-land]') ?? (isLost ? document.querySelector('[data-focus]') : null)
  land?.removeAttribute('data-land')
  land?.focus({ preventScroll: true })
})
