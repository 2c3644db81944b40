import { addressProblem } from './address'
import { capital, shown } from './fault'
import { LIMITS } from './limits'
import type { CtaPhoneMenu, CtaUrlMenu } from './menu'
import { tryPhone } from './phone'
import { checkCount, checkTwins } from './rules-buttons'
import { isBlank, type Reading } from './wording'

export function checkUrls(menu: CtaUrlMenu, reading: Reading): void {
  const { words, report } = reading
  const found = menu.buttons.length
  const asTemplate = menu.template !== undefined
  const fix = asTemplate ? 'Remove some.' : 'Keep one, or name an approved template that has two.'
  checkCount('buttons', 'URL button', found, asTemplate ? LIMITS.templateUrlButtons : LIMITS.urlButtons, report, fix)
  const places = menu.buttons.map((button, index) => ({ ...button, path: `buttons[${index}]`, name: `button ${index + 1}` }))
  for (const { title, url, path, name } of places) {
    words(`${path}.title`, `${name} title`, title, asTemplate && found > 1 ? LIMITS.templateButtonTitle : LIMITS.urlButtonTitle)
    checkAddress(`${path}.url`, `address of ${name}`, url, reading)
  }
  checkTwins('title', places, (button) => button.title.trim(), report)
}

export function checkPhones(menu: CtaPhoneMenu, { words, report, rendered }: Reading): void {
  checkCount('buttons', 'phone button', menu.buttons.length, LIMITS.templatePhoneButtons, report, 'Keep one.')
  if (!menu.template) {
    const fix = 'Name the template, such as { name: "call_us", language: "en" }; or write the number into the body of a text.'
    report('template', 'A phone button can leave only in an approved template, and this menu names none.', { fix })
  }
  for (const [index, { title, phone }] of menu.buttons.entries()) {
    const path = `buttons[${index}].phone`
    words(`buttons[${index}].title`, `button ${index + 1} title`, title, LIMITS.templateButtonTitle)
    words(path, `number of button ${index + 1}`, phone, LIMITS.phone)
    const unknown = !rendered && phone.includes('{{')
    if (unknown || isBlank(phone) || tryPhone(phone) !== null) continue
    report(path, `The number of button ${index + 1} is not an international phone number.`, {
      limit: '+E.164',
      fix: 'Write + and 7 to 15 digits, such as +911140000000.',
    })
  }
}

/** `secure`: https only, as for media that the provider fetches. */
export function checkAddress(path: string, thing: string, address: string, { words, report, rendered }: Reading, secure = false): void {
  words(path, thing, address, LIMITS.url)
  if (isBlank(address)) return
  const open = !rendered && address.includes('{{')
  // Up to the first variable the address must already say where it leads: values are percent-encoded and cannot say it.
  if (open && /^(https?:\/\/)?[^/?#]*\{\{/i.test(address)) {
    report(path, `The ${thing} has a variable where its scheme or host stands.`, {
      actual: shown(address),
      limit: 'https://host/…',
      fix: 'Write out https://your-host/ and put the variable behind it.',
    })
    return
  }
  const problem = addressProblem(open ? address.replaceAll(/\{\{[^{}]*\}\}/g, 'x') : address, secure)
  if (problem)
    report(path, `${capital(thing)} ${problem.what}.`, { actual: shown(address), limit: secure ? 'https://…' : 'https://… or http://…', fix: problem.fix })
}
