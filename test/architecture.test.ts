import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { test } from 'node:test'

/** Lowest first. A file imports from floors below its own, and from its own folder. */
const FLOORS: readonly (readonly string[])[] = [
  ['lib/errors.ts', 'lib/log.ts'],
  ['lib/model/'],
  ['lib/providers/'],
  ['migrations/'],
  ['lib/store/'],
  ['lib/engine.ts'],
  ['lib/worker.ts', 'lib/housekeeping.ts'],
  ['lib/outbox/'],
  ['lib/flows/'],
  ['lib/inbox/'],
  ['lib/http/'],
  ['lib/happenings.ts'],
  ['lib/decide.ts', 'lib/publish.ts', 'lib/conduct.ts'],
  ['lib/kinds.ts', 'lib/options.ts', 'lib/workers.ts', 'lib/lifecycle.ts', 'lib/build-engine.ts', 'lib/wa.ts', 'lib/index.ts', 'lib/testing.ts'],
]

/** What may not stand in a file, with an example that the pattern must find and one that it must leave alone. */
interface Ban {
  what: string
  where: RegExp
  pattern: RegExp
  wrong: string
  right: string
}
const LIB = /^lib\//
const VIEWS = /^views\//
const PAGES = /^(views\/|public\/(?!vendor\/).*\.js$)/
const BANS: readonly Ban[] = [
  {
    what: 'console in the library: it logs through option `logger`',
    where: LIB,
    pattern: /\bconsole\.\w+/,
    wrong: `console.log('x')`,
    right: `log.info({}, 'x')`,
  },
  {
    what: 'knex outside lib/store, the one place that knows SQL',
    where: /^lib\/(?!store\/)/,
    pattern: /(?:^|\n)import (?!type\b)[^\n]*'knex'|(?:import|require)\('knex'\)(?!\.)/,
    wrong: `import knex from 'knex'`,
    right: `import type { Knex } from 'knex'`,
  },
  {
    what: 'unescaped output: <%- belongs to include alone',
    where: VIEWS,
    pattern: /<%-(?!\s*include\()/,
    wrong: '<%- name %>',
    right: `<%- include('_row') %>`,
  },
  { what: 'hx-on: it needs eval, which the CSP forbids', where: VIEWS, pattern: /\bhx-on\b/, wrong: '<a hx-on:click="x()">', right: '<a hx-get="x">' },
  { what: 'js: values: they need eval', where: VIEWS, pattern: /["'\s]js(?::|avascript:)/, wrong: `<a hx-vals='js:{a:1}'>`, right: `<a hx-vals='{"a":1}'>` },
  {
    what: 'a filter in hx-trigger: it needs eval',
    where: VIEWS,
    pattern: /\bhx-trigger(?::\w+)*="[^"]*\[/,
    wrong: '<a hx-trigger="click[ctrlKey]">',
    right: '<a hx-trigger="click once">',
  },
  { what: 'style="…": the CSP forbids inline style', where: VIEWS, pattern: /\sstyle\s*=/, wrong: '<p style="color:red">', right: '<p class="red">' },
  {
    what: '<style>: the CSP forbids inline style',
    where: VIEWS,
    pattern: /<style\b/,
    wrong: '<style>p{}</style>',
    right: '<link rel="stylesheet" href="app.css">',
  },
  {
    what: 'a script without src: the CSP forbids inline script',
    where: VIEWS,
    pattern: /<script\b(?![^>]*\ssrc=)/,
    wrong: '<script>x()</script>',
    right: '<script defer src="app.js"></script>',
  },
  { what: 'on…="…": the CSP forbids inline script', where: VIEWS, pattern: /\son[a-z]+\s*=/, wrong: '<a onclick="x()">', right: '<a data-on="x">' },
  {
    what: 'an attribute without quotes: a value with a blank in it would begin another attribute',
    where: VIEWS,
    pattern: /\s[\w:-]+=<%=/,
    wrong: '<a href=<%= address %>>',
    right: '<a href="<%= address %>">',
  },
  {
    what: 'a word of htmx 2',
    where: VIEWS,
    pattern: /\b(?:hx-(?:disabled-elt|ext|request|params|vars|inherit|disinherit|history|prompt)=|sse-(?:swap|connect)\b)/,
    wrong: '<a hx-disabled-elt="this">',
    right: '<a hx-disable="this" hx-history-elt>',
  },
  {
    what: 'hx-swap-oob: house rule, it loses table rows; use <hx-partial>',
    where: VIEWS,
    pattern: /\bhx-swap-oob\b/,
    wrong: '<tr hx-swap-oob="true">',
    right: '<hx-partial hx-target="#x">',
  },
  {
    what: 'from:body: an event of a removed element is fired on document; use from:document',
    where: VIEWS,
    pattern: /\bfrom:body\b/,
    wrong: '<p hx-trigger="saved from:body">',
    right: '<p hx-trigger="saved from:document">',
  },
  { what: 'an event name of htmx 2', where: PAGES, pattern: /\bhtmx:[a-z]+[A-Z]/, wrong: `on('htmx:afterSwap', f)`, right: `on('htmx:after:swap', f)` },
  { what: 'eval: the CSP forbids it', where: PAGES, pattern: /\beval\(|\bnew Function\(/, wrong: 'eval(x)', right: 'evaluate(x)' },
]

test('a file imports only from floors below its own', () => {
  assert.deepEqual(
    sources().flatMap(([file, text]) => importsOf(file, text).flatMap(brokenFloor)),
    [],
  )
})

test('no file imports itself in a circle, types included', () => {
  assert.deepEqual(circles(sources().flatMap(([file, text]) => importsOf(file, text))), [])
})

test('every file of the library has a floor', () => {
  assert.deepEqual(
    sources().flatMap(([file]) => (floorOf(file) === -1 ? [`${file} has no floor: name it in FLOORS`] : [])),
    [],
  )
})

test('views, public and lib hold nothing that is banned there', () => {
  const files = [...sources(), ...read('views', /\.ejs$/), ...read('public', /\.js$/)]
  assert.deepEqual(
    files.flatMap(([file, text]) => BANS.filter((ban) => ban.where.test(file)).flatMap((ban) => banned(ban, file, text))),
    [],
  )
})

test('our own CSS and JavaScript weigh at most 60,000 bytes together', () => {
  const own = read('public', /\.(css|js)$/).filter(([file]) => !file.startsWith('public/vendor/'))
  const weight = own.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0)

  assert.ok(own.length > 0)
  assert.ok(weight <= 60_000, `${weight} bytes: ${own.map(([file, text]) => `${file} ${Buffer.byteLength(text)}`).join(', ')}`)
})

test('these rules can fail', () => {
  const imports = (file: string, text: string): Import[] => importsOf(file, text)

  assert.deepEqual(imports('lib/model/menu.ts', `import {\n  a,\n} from '../store/menus'\nimport x from 'node:fs'`).flatMap(brokenFloor), [
    'lib/model/menu.ts:3 imports lib/store/menus.ts: floor 2 (lib/model/) may not import floor 5 (lib/store/)',
  ])
  assert.equal(imports('lib/http/a.ts', `const x = await import('../wa')`).flatMap(brokenFloor).length, 1)
  assert.equal(imports('lib/http/a.ts', `type X = import('../wa').Wa`).flatMap(brokenFloor).length, 1)
  assert.equal(imports('lib/store/a.ts', `export * from '../worker'`).flatMap(brokenFloor).length, 1)
  assert.equal(imports('lib/errors.ts', `import { log } from './log'`).flatMap(brokenFloor).length, 0)
  assert.deepEqual(
    circles([
      ...imports('lib/a.ts', `import './b'`),
      ...imports('lib/b.ts', `\nimport type { C } from './c'`),
      ...imports('lib/c.ts', `import { b } from './b'`),
    ]),
    ['lib/b.ts:2 imports lib/c.ts:1 imports lib/b.ts'],
  )
})

test('a prepared statement is called as no other one: the second of a name would be taken for the first', () => {
  const homes = new Map<string, Set<string>>()
  for (const [file, text] of sources())
    for (const [, name = ''] of text.matchAll(/\bname: '(wa_\w+)'/g))
      homes.set(name, (homes.get(name) ?? new Set()).add(file.replace(/-(sqlite|postgres)\./, '.')))

  assert.ok(homes.size > 5, 'statements were found')
  assert.deepEqual(
    [...homes].filter(([, files]) => files.size > 1),
    [],
  )
})

for (const ban of BANS) {
  test(`the ban can fail: ${ban.what}`, () => {
    assert.deepEqual(banned(ban, 'file', `\n${ban.wrong}`), [`file:2 ${ban.what}`])
    assert.deepEqual(banned(ban, 'file', `\n${ban.right}`), [])
  })
}

interface Import {
  file: string
  line: number
  of: string
}

const ROOT = join(__dirname, '..')
const sources = (): [string, string][] => [...read('lib', /\.ts$/), ...read('migrations', /\.ts$/)]

function read(folder: string, name: RegExp): [string, string][] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && name.test(entry.name)).map((entry) => join(entry.parentPath, entry.name))
  return files.sort().map((file) => [relative(ROOT, file).replaceAll(sep, '/'), readFileSync(file, 'utf8')])
}

/** Relative imports of a file: static, exported, dynamic, required and of types. */
function importsOf(file: string, text: string): Import[] {
  const found = text.matchAll(/\b(?:from|import|require)\s*\(?\s*'(\.{1,2}\/[^']*|\.{1,2})'/g)
  return [...found].map((match) => ({ file, line: lineAt(text, match.index), of: `${posix.join(posix.dirname(file), match[1] ?? '')}.ts` }))
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

const floorOf = (file: string): number => FLOORS.findIndex((floor) => floor.some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name)))

function brokenFloor({ file, line, of }: Import): string[] {
  const [from, to] = [floorOf(file), floorOf(of)]
  if (to < from ? to !== -1 : to === from) return []
  return [`${file}:${line} imports ${of}: floor ${nameOf(from)} may not import floor ${nameOf(to)}`]
}
const nameOf = (floor: number): string => `${floor + 1} (${FLOORS[floor]?.join(', ') ?? 'unknown'})`

/** Every circle once, as the lines that close it. */
function circles(imports: readonly Import[]): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (file: string, path: readonly Import[]): void => {
    const start = path.findIndex((step) => step.file === file)
    if (start >= 0) found.push([...path.slice(start).map((step) => `${step.file}:${step.line}`), file].join(' imports '))
    if (start >= 0 || done.has(file)) return
    for (const step of imports) if (step.file === file) walk(step.of, [...path, step])
    done.add(file)
  }
  for (const { file } of imports) walk(file, [])
  return found
}

function banned({ what, pattern }: Ban, file: string, text: string): string[] {
  return [...text.matchAll(new RegExp(pattern, 'g'))].map((match) => `${file}:${lineAt(text, match.index + match[0].search(/\S/))} ${what}`)
}
