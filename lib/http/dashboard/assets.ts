import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WaError } from '../../errors'
import type { Exchange, Role, Route } from '../exchange'
import { send } from '../problem'
import { packageFolder } from './render'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/assets/:version/:file', may: 'viewer', handle: serve }]

const CSS = 'text/css; charset=utf-8'
const JS = 'text/javascript; charset=utf-8'
/** Everything a browser may load, by name; nothing else in `public/` is served. */
const FILES: Readonly<Record<string, { from: readonly string[]; type: string }>> = {
  'app.css': { from: ['app.css'], type: CSS },
  'chat.css': { from: ['chat.css'], type: CSS },
  'editor.css': { from: ['editor.css'], type: CSS },
  'app.js': { from: ['app.js'], type: JS },
  'chat.js': { from: ['chat.js'], type: JS },
  'editor.js': { from: ['editor.js'], type: JS },
  // One file, because htmx looks through the page a moment after it has run: an extension that arrives later is not there, and the page not live.
  'htmx.js': { from: ['vendor/htmx.min.js', 'vendor/hx-sse.min.js'], type: JS },
  'icon.svg': { from: ['icon.svg'], type: 'image/svg+xml' },
}

interface Loaded {
  files: ReadonlyMap<string, Buffer>
  /** Hash of all of them: a new release is a new address, so that browsers may keep the old one for ever. */
  version: string
}
let loaded: Loaded | undefined

function load(): Loaded {
  if (loaded) return loaded
  const hash = createHash('sha256')
  const files = new Map<string, Buffer>()
  for (const [name, { from }] of Object.entries(FILES)) {
    const bytes = Buffer.concat(from.flatMap((path) => [readFileSync(join(packageFolder(), 'public', path)), Buffer.from('\n')]))
    hash.update(bytes)
    files.set(name, bytes)
  }
  loaded = { files, version: hash.digest('hex').slice(0, 12) }
  return loaded
}

/** Address below the mount of the folder that holds them all. */
export const assetsAt = (): string => `/assets/${load().version}`

function serve(x: Exchange): void {
  const name = x.params.file ?? ''
  const bytes = Object.hasOwn(FILES, name) ? load().files.get(name) : undefined
  if (!bytes) throw new WaError('WA_NOT_FOUND', 'There is no such file.')
  // A page of an older release that is still open asks for its old address: it gets the new file, but must not keep it under that name.
  const current = x.params.version === load().version
  send(x.res, 200, FILES[name]?.type ?? '', bytes, { 'Cache-Control': current ? 'private, max-age=31536000, immutable' : 'no-cache' })
}
