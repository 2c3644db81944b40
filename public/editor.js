// Comforts of the menu editor: counters while typing, focus after a button, dragging. Everything works without this file.
const NAME = /\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}/g
const points = (text) => [...text].length
const editor = () => document.getElementById('editor')

/** The longer of a variable's sample and default, as its length is counted on the server. */
const lengthsOfVariables = () => {
  const lengths = new Map()
  for (const named of document.querySelectorAll('[data-variable]')) {
    const texts = [...named.closest('.variable').querySelectorAll('.field input')].map((input) => points(input.value))
    lengths.set(named.dataset.variable, Math.max(0, ...texts))
  }
  return lengths
}
const recount = () => {
  const lengths = lengthsOfVariables()
  for (const counter of document.querySelectorAll('[data-count]')) {
    const text = document.getElementById(counter.dataset.count)?.value ?? ''
    const limit = Number(counter.dataset.limit)
    let filled = 0
    const rest = text.replace(NAME, (_, name) => {
      filled += lengths.get(name) ?? 0
      return ''
    })
    const count = points(rest) + filled
    const words = `${count}/${limit}`
    if (counter.textContent !== words) counter.textContent = words
    counter.className = `counter is-${count > limit ? 'over' : count < limit * 0.9 ? 'ok' : 'near'}`
  }
}
/** What is said beside a field is also said of the field. */
const mark = () => {
  for (const about of document.querySelectorAll('.about')) {
    const field = document.querySelector(`[aria-describedby~="${about.id}"]`)
    if (about.querySelector('.is-fault')) field?.setAttribute('aria-invalid', 'true')
    else field?.removeAttribute('aria-invalid')
  }
}

// Words that are not saved are asked for before the page is left. Between a key and the server's answer the keys alone tell.
let typed = false
let leaving = false
addEventListener('beforeunload', (event) => {
  if (!leaving && (typed || document.querySelector('[data-unsaved]'))) event.preventDefault()
})
document.addEventListener('input', ({ target }) => {
  if (!target.closest?.('#_form')) return
  typed = true
  recount()
})
document.addEventListener('click', ({ target }) => {
  if (target.closest?.('[data-leave]')) leaving = true
})
document.addEventListener('submit', ({ target }) => {
  if (!target.matches?.('[hx-post]')) leaving = true
})
document.addEventListener('keydown', (event) => {
  if (event.key !== 's' || !(event.ctrlKey || event.metaKey) || !editor()) return
  event.preventDefault()
  document.querySelector('#_state [value="save"]')?.click()
})

// A look at the draft must not overtake a button: it waits while one is on its way, and its answer is dropped when one came after it.
let posting = false
let again = false
let turn = 0
document.addEventListener('htmx:config:request', (event) => {
  const { ctx } = event.detail
  if (ctx.sourceElement.id === '_form') {
    posting = true
    turn++
  } else if (ctx.sourceElement.id === '_watch') {
    ctx.turn = turn
    again ||= posting
    if (posting) event.preventDefault()
  }
})
document.addEventListener('htmx:before:swap', (event) => {
  const { ctx } = event.detail
  if (ctx?.sourceElement.id === '_watch' && ctx.turn !== turn) event.preventDefault()
})
document.addEventListener('htmx:finally:request', ({ detail }) => {
  if (detail.ctx.sourceElement.id !== '_form') return
  posting = false
  if (again) editor().dispatchEvent(new Event('change'))
  again = false
})
document.addEventListener('htmx:before:response', ({ detail }) => {
  if (detail.ctx.response?.headers?.get?.('HX-Redirect')) leaving = true
})
document.addEventListener('htmx:error', ({ target }) => {
  document.getElementById('_preview')?.classList.add('is-behind')
  const state = document.getElementById('state-words')
  if (target.id === '_form') state.textContent = state.dataset.offline
})
document.addEventListener('htmx:after:swap', () => {
  typed = false
  document.getElementById('_preview')?.classList.remove('is-behind')
  recount()
  mark()
  const said = document.querySelector('[data-said]')
  if (said) {
    document.getElementById('said').textContent = said.dataset.said
    delete said.dataset.said
  }
  const land = document.querySelector('[data-land]')
  if (!land) return
  land.removeAttribute('data-land')
  land.focus()
})

// Dragged by its grip a row leaves a line where it would go; where it is let go, the server puts it.
document.addEventListener('pointerdown', (event) => {
  const row = event.target.closest?.('[data-grip]')?.closest('[data-path]')
  if (!row || event.button > 0) return
  event.preventDefault()
  const list = row.parentElement
  const kind = (one) => one.dataset.sort.split('[')[0]
  const unmark = () => document.querySelector('.is-here')?.classList.remove('is-here', 'is-end')
  let to = null
  row.classList.add('is-dragged')
  const follow = ({ clientX, clientY }) => {
    // Also behind the bar at the lower edge.
    const over = document.elementsFromPoint(clientX, clientY).find((one) => one.closest('[data-sort], .part'))
    const into = over?.closest('[data-sort]') ?? over?.closest('.part').querySelector('[data-sort]')
    unmark()
    to = null
    if (!into || kind(into) !== kind(list)) return
    const others = [...into.children].filter((one) => one !== row)
    const next = others.findIndex((one) => clientY < one.getBoundingClientRect().top + one.offsetHeight / 2)
    const at = next < 0 ? others.length : next
    const beside = others[next] ?? others.at(-1) ?? into
    beside.classList.add('is-here')
    beside.classList.toggle('is-end', next < 0)
    to = `${into.dataset.sort}[${at}]`
  }
  const end = ({ type }) => {
    for (const name of ['pointermove', 'pointerup', 'pointercancel']) document.removeEventListener(name, name === 'pointermove' ? follow : end)
    row.classList.remove('is-dragged')
    unmark()
    const place = document.getElementById('place')
    if (type !== 'pointerup' || to === null || to === row.dataset.path || !place) return
    place.value = `place:${row.dataset.path}>${to}`
    place.form.requestSubmit(place)
  }
  document.addEventListener('pointermove', follow)
  document.addEventListener('pointerup', end)
  document.addEventListener('pointercancel', end)
})
recount()
