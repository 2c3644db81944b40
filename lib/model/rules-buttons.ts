import { capital, type Report, shown } from './fault'
import { LIMITS } from './limits'
import type { Option } from './menu'
import { isBlank, type Reading } from './wording'

export function checkButtons(buttons: readonly Option[], { words, report }: Reading): void {
  checkCount('buttons', 'button', buttons.length, LIMITS.buttons, report, 'Make it a list.')
  const places = buttons.map((button, index) => ({ ...button, path: `buttons[${index}]`, name: `button ${index + 1}` }))
  for (const { id, title, path, name } of places) {
    words(`${path}.title`, `${name} title`, title, LIMITS.buttonTitle)
    words(`${path}.id`, `${name} id`, id, LIMITS.buttonId)
    checkTrimmed(`${path}.id`, `${name} id`, id, report)
  }
  checkTwins('title', places, (button) => button.title.trim(), report)
  checkTwins('id', places, (button) => button.id, report)
}

export function checkCount(path: string, thing: string, found: number, limit: number, report: Report, fix: string): void {
  if (found === 0) report(path, `There is no ${thing}; WhatsApp wants at least 1.`, { actual: 0, limit: `1…${limit}`, fix: `Add a ${thing}.` })
  if (found > limit) report(path, `There are ${found} ${thing}s; WhatsApp shows at most ${limit}.`, { actual: found, limit, fix })
}

export function checkTrimmed(path: string, thing: string, id: string, report: Report): void {
  if (isBlank(id) || id === id.trim()) return
  report(path, `${capital(thing)} ${shown(id)} begins or ends with a space; WhatsApp refuses that.`, { actual: shown(id), fix: 'Take the space out.' })
}

/** Things that a customer, or our own listeners, could not tell apart. Empty ones have their own fault. */
export function checkTwins<T extends { path: string; name: string; id?: string; title: string }>(
  field: 'id' | 'title',
  things: readonly T[],
  keyOf: (thing: T) => string,
  report: Report,
): void {
  const fix = field === 'id' ? 'Give each its own id.' : 'Give each its own words, so that a customer can tell them apart.'
  const seen = new Map<string, T>()
  for (const thing of things) {
    const key = keyOf(thing)
    const first = seen.get(key)
    if (key.trim() !== '' && first) {
      report(`${thing.path}.${field}`, `${capital(first.name)} and ${thing.name} have the same ${field} ${shown(thing[field])}.`, {
        actual: shown(thing[field]),
        fix,
      })
    } else seen.set(key, thing)
  }
}
