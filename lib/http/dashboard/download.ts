import type { ServerResponse } from 'node:http'
import { WaError } from '../../errors'
import { readForm } from '../body'
import type { Exchange } from '../exchange'
import { fieldOf } from './asked'

export type Format = 'csv' | 'json'
/** One line of a file, by column; what is no text or number is JSON in a cell of CSV. */
export type Line = Readonly<Record<string, unknown>>

/** Which format the form of an export names. Throws WA_REQUEST_INVALID for another. */
export async function formatIn(x: Exchange): Promise<Format> {
  const name = fieldOf(await readForm(x.req), 'format')
  if (name !== 'csv' && name !== 'json') throw new WaError('WA_REQUEST_INVALID', `The format is csv or json, not "${name.slice(0, 20)}".`)
  return name
}

interface Writing {
  type: string
  head(columns: readonly string[]): string
  line(line: Line, columns: readonly string[]): string
  between: string
  foot: string
}
const FORMATS: Readonly<Record<Format, Writing>> = {
  csv: {
    type: 'text/csv; charset=utf-8',
    head: (columns) => `\uFEFF${columns.join(',')}\r\n`,
    line: (line, columns) => `${columns.map((column) => cell(line[column])).join(',')}\r\n`,
    between: '',
    foot: '',
  },
  json: { type: 'application/json; charset=utf-8', head: () => '[\n', line: (line) => JSON.stringify(line), between: ',\n', foot: '\n]\n' },
}

/** A file of any size, written out while it is read. `name`: of the file, without day and ending; `batches`: its lines, until there are none. */
export async function download(x: Exchange, name: string, format: Format, columns: readonly string[], batches: AsyncIterable<readonly Line[]>): Promise<void> {
  const { type, head, line, between, foot } = FORMATS[format]
  x.res.writeHead(200, {
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${name}-${new Date(x.engine.now()).toISOString().slice(0, 10)}.${format}"`,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  await write(x.res, head(columns))
  let first = true
  for await (const lines of batches) {
    if (x.res.destroyed) break
    await write(x.res, lines.map((one, index) => (first && index === 0 ? '' : between) + line(one, columns)).join(''))
    first = false
  }
  x.res.end(foot)
}

/** Waits while the reader is slow: nothing piles up here. */
function write(res: ServerResponse, text: string): Promise<void> {
  if (res.write(text) || res.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const go = (): void => {
      res.off('drain', go).off('close', go)
      resolve()
    }
    res.on('drain', go).on('close', go)
  })
}

/** A field of CSV. What a spreadsheet would run as a formula is disarmed by an apostrophe; a phone number is none. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replace(/^(?!\+\d{7,15}$)(?=[=+\-@\t\r])/, "'")
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
