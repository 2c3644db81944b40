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
