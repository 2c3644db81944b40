import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A body of the wire and what it says. `text` instead of `body`: bytes that are no JSON. Of each expected event the fields named here are compared. */
export interface Case {
  name: string
  body?: unknown
  text?: string
  expect: Record<string, unknown>[]
}

const ROOT = join(__dirname, '..', 'fixtures')

/** Every named case of a provider, by file. */
export function casesOf(provider: 'exotel' | 'cloud-api'): { file: string; cases: Case[] }[] {
  const folder = join(ROOT, provider)
  return readdirSync(folder).map((file) => ({ file, cases: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Case[] }))
}

export const bytesOf = ({ body, text }: Case): Buffer => Buffer.from(text ?? JSON.stringify(body))

/** The `interactive` object of an example of Exotel's "Interactive Messages" page. */
export const sourcePage = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, 'source-page', `${name}.json`), 'utf8'))
