import type { Fault } from '../../lib/errors'
import { faultsOf } from '../../lib/model/check'
import type { Option, Row } from '../../lib/model/menu'

export const x = (times: number): string => 'x'.repeat(times)
export const options = (count: number): Option[] => Array.from({ length: count }, (_, index) => ({ id: `id${index}`, title: `Title ${index}` }))
export const rows = (count: number, from = 0): Row[] => options(from + count).slice(from)

/** A button menu that is right, but for what is changed. */
export const button = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  key: 'm',
  type: 'button',
  body: 'Hello',
  buttons: options(2),
  ...changes,
})
export const list = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  key: 'm',
  type: 'list',
  body: 'Hello',
  button: 'Open',
  sections: [{ rows: rows(3) }],
  ...changes,
})
export const ctaUrl = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  key: 'm',
  type: 'cta_url',
  body: 'Hello',
  buttons: [{ title: 'Open', url: 'https://shop.example/1' }],
  ...changes,
})
export const ctaPhone = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  key: 'm',
  type: 'cta_phone',
  body: 'Hello',
  buttons: [{ title: 'Call us', phone: '+911140000000' }],
  template: { name: 'call_us', language: 'en' },
  ...changes,
})
export const titled = (title: string): Record<string, unknown> => button({ buttons: [{ id: 'a', title }] })
export const paths = (faults: readonly Fault[]): string[] => faults.map((fault) => fault.path)
export const faultPaths = (menu: unknown): string[] => paths(faultsOf(menu))

/** What is a character? Code points decide; where UTF-16 would be over, lint says so. */
export const CHARACTERS: [text: string, points: number, units: number, verdict: 'accept' | 'warn' | 'reject'][] = [
  [x(20), 20, 20, 'accept'],
  [x(21), 21, 21, 'reject'],
  [`🔎${x(18)}`, 19, 20, 'accept'],
  [`🔎${x(19)}`, 20, 21, 'warn'],
  [`🔎${x(20)}`, 21, 22, 'reject'],
  ['मेन्यू देखें', 12, 12, 'accept'],
  ['ऑर्डर ट्रैक करें अभी', 20, 20, 'accept'],
  [`👨‍👩‍👧‍👦${x(13)}`, 20, 24, 'warn'],
  [`👨‍👩‍👧‍👦${x(14)}`, 21, 25, 'reject'],
  [`🇮🇳${x(18)}`, 20, 22, 'warn'],
  ['e\u0301'.repeat(10), 20, 20, 'accept'],
  ['e\u0301'.repeat(11), 22, 22, 'reject'],
  ['🙂'.repeat(20), 20, 40, 'warn'],
  ['🙂'.repeat(21), 21, 42, 'reject'],
]
