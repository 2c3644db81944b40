import { WaError } from '../errors'

/** E.164 with its `+`: 7 to 15 digits, the first not 0. */
const E164 = /^\+[1-9]\d{6,14}$/
const CALLING_CODE = /^\+?([1-9]\d{0,2})$/
/** Digits of a national number in most countries; more than these behind the calling code's digits were already international. */
const NATIONAL_DIGITS = 10

/**
 * A phone number as `+` and digits. Spaces, dashes, dots and brackets are ignored, a leading `00` is a `+`.
 * A national number needs `defaultCountry`, a calling code such as `91`; nothing is guessed without it.
 * Throws WA_PHONE_INVALID, which never shows the whole number.
 */
export function phoneOf(text: string, defaultCountry?: string): string {
  const phone = read(text, defaultCountry)
  if (phone !== null) return phone
  const shown = typeof text === 'string' ? `"${masked(text)}"` : `a ${text === null ? 'null' : typeof text}`
  const national = typeof text === 'string' && /^[\d\s().-]+$/.test(text) && !defaultCountry
  const fix = national ? 'Write it with + and the country code, or set the option defaultCountry.' : 'Write + and 7 to 15 digits, such as +919800000001.'
  throw new WaError('WA_PHONE_INVALID', `${shown} is not an international phone number. ${fix}`, [
    { path: 'phone', message: `${shown} is not an international phone number. ${fix}`, actual: shown, limit: '+E.164', fix },
  ])
}

/** As `phoneOf`, but null for what is no number. */
export function tryPhone(text: unknown, defaultCountry?: string): string | null {
  return typeof text === 'string' ? read(text, defaultCountry) : null
}

function read(text: string, defaultCountry: string | undefined): string | null {
  if (typeof text !== 'string' || text.length > 64) return null
  const digits = text.trim().replaceAll(/[\s().\u2010-\u2015-]/g, '')
  if (digits.startsWith('+')) return E164.test(digits) ? digits : null
  if (digits.startsWith('00')) return E164.test(`+${digits.slice(2)}`) ? `+${digits.slice(2)}` : null
  if (!defaultCountry || !/^\d+$/.test(digits)) return null
  const code = CALLING_CODE.exec(defaultCountry)?.[1]
  if (code === undefined)
    throw new WaError('WA_OPTION_INVALID', `Option defaultCountry is "${defaultCountry}"; it must be a calling code of 1 to 3 digits, such as "91".`, [
      { path: 'defaultCountry', message: 'not a calling code', actual: defaultCountry },
    ])
  const whole = digits.startsWith(code) && digits.length >= code.length + NATIONAL_DIGITS ? `+${digits}` : `+${code}${digits.replace(/^0/, '')}`
  return E164.test(whole) ? whole : null
}

/** `+91******3210`: enough to recognise a number one knows, not enough to write to it. */
export function maskPhone(phone: string): string {
  const digits = phone.replace(/^\+/, '')
  if (digits.length < 9) return `${'*'.repeat(Math.max(0, digits.length - 2))}${digits.slice(-2)}`
  return `${phone.startsWith('+') ? '+' : ''}${digits.slice(0, 2)}${'*'.repeat(digits.length - 6)}${digits.slice(-4)}`
}

/** What somebody typed for a number, its digits hidden but the last two. */
function masked(text: string): string {
  const short = [...text.trim()].slice(0, 32).join('')
  if (/^\+?\d{9,}$/.test(short)) return maskPhone(short)
  const digits = short.replaceAll(/\D/g, '').length
  // So few digits are nobody's number: whoever mistyped sees what they typed.
  if (digits < 7) return short
  let seen = 0
  return short.replaceAll(/\d/g, (digit) => (++seen > digits - 2 && digits > 4 ? digit : '*'))
}

/** Calling codes of one and of two digits; all others have three. Source: ITU-T E.164, list of assigned codes. */
const SHORT_CODES = /^\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/

/** A number for reading: `+91 98000 00001`. Stars of a masked number stay. */
export function showPhone(phone: string): string {
  const code = SHORT_CODES.exec(phone)?.[0] ?? phone.slice(0, 4)
  const rest = phone.slice(code.length)
  if (!phone.startsWith('+') || rest === '') return phone
  if (rest.length === 10)
    return code === '+91' ? `${code} ${rest.slice(0, 5)} ${rest.slice(5)}` : `${code} ${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)}`
  return `${code} ${(rest.match(/.{1,4}/g) ?? []).join(' ')}`
}
