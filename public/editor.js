// Comforts of the menu editor. Everything works without this file.
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
  document.forms._form.autocomplete = 'off'
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
on('input', ({ target }) => {
  if (!target.closest?.('#_form')) return
  typed = true
  recount()
})
on('click', ({ target }) => {
  if (target.closest?.('[data-leave]')) leaving = true
})
on('submit', ({ target }) => {
  if (!target.matches?.('[hx-post]')) leaving = true
})
on('keydown', (event) => {
  if (event.key !== 's' || !(event.ctrlKey || event.metaKey) || !editor()) return
  event.preventDefault()
  document.querySelector('#_state [value="save"]')?.click()
})

// A look at the draft must not overtake a button: it waits while one is on its way, and its answer is dropped when one came after it.
let posting = false
let again = false
let turn = 0
on('htmx:config:request', (event) => {
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
on('htmx:before:swap', (event) => {
  const { ctx } = event.detail
  if (ctx?.sourceElement.id === '_watch' && ctx.turn !== turn) event.preventDefault()
})
on('htmx:finally:request', ({ detail }) => {
  if (detail.ctx.sourceElement.id !== '_form') return
  posting = false
  if (again) editor().dispatchEvent(new Event('change'))
  again = false
})
// Only an answer that says where the draft stands makes typed words known; after any other one they are not saved.
const isOurs = ({ id }) => id === '_form' || id === '_watch'
const unsaved = (ctx) => {
  if (!ctx || !isOurs(ctx.sourceElement)) return
  document.getElementById('_preview')?.classList.add('is-behind')
  const state = document.getElementById('state-words')
  state.textContent = state.dataset.refused
}
const isRefused = ({ response }) => response.headers.get('HX-Reswap') === 'none'
on('htmx:before:response', ({ detail: { ctx }, defaultPrevented }) => {
  if (ctx.response.headers.get('HX-Redirect')) leaving = true
  if (defaultPrevented || isRefused(ctx) || ctx.response.status >= 500) unsaved(ctx)
})
on('htmx:error', ({ detail }) => unsaved(detail.ctx))
on('htmx:after:swap', ({ detail: { ctx } }) => {
  if (isOurs(ctx.sourceElement) && !isRefused(ctx)) {
    typed = false
    document.getElementById('_preview')?.classList.remove('is-behind')
  }
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
on('pointerdown', (event) => {
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
  on('pointermove', follow)
  on('pointerup', end)
  on('pointercancel', end)
})
recount()
