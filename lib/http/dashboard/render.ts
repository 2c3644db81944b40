import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { type Fault, reasonOf } from '../../errors'
import { suggest } from '../../model/suggest'

/** Values a view may show. Each view names its own; a name that was not given is an error of the developer, and shows as nothing. */
export type Locals = Record<string, unknown>
type Template = (locals: Locals) => string
type Include = (path: string, locals?: Locals) => string

/** The package's folder: `lib/` in a checkout, `dist/lib/` as built. */
export const packageFolder = (from = __dirname): string => {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'views', 'layout.ejs'))) return folder
    if (folder === dirname(folder)) throw new Error('The views of wa-interactive are not where the package was installed.')
  }
}

/** Draws a view: `menus/_list` is `views/menus/_list.ejs`. Nothing of the host's Express or EJS is touched or trusted. */
export type Draw = (name: string, locals: Locals) => string

/** Before a name: our own file, also where the host has put one in its place. */
const OURS = 'ours:'

/** `folder`: the host's, whose files are drawn in place of ours of the same path; null for ours alone. Each file is compiled once, at its first use. */
export function createDraw(folder: string | null = null): Draw {
  const theirs = new Set(folder === null ? [] : filesIn(folder))
  const templates = new Map<string, Template>()
  const draw: Draw = (name, locals) => {
    let template = templates.get(name)
    if (!template) {
      const path = name.startsWith(OURS) ? name.slice(OURS.length) : name
      const isTheirs = name === path && theirs.has(`${path}.ejs`)
      template = compile(path, join(isTheirs ? (folder as string) : viewsFolder(), `${path}.ejs`), draw)
      templates.set(name, template)
    }
    return template(locals)
  }
  return draw
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }
/** What EJS does, but most values are left as they are after one look. */
const escaped = (value: unknown): string => {
  const text = value === undefined || value === null ? '' : String(value)
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string) : text
}

const viewsFolder = (): string => join(packageFolder(), 'views')

function compile(name: string, filename: string, draw: Draw): Template {
  // EJS is loaded at the first page. Its delimiters are named because a host may have changed those of its own (they are shared).
  const ejs = require('ejs') as { compile(source: string, options: object): Template }
  const options = {
    filename,
    escape: escaped,
    strict: true,
    _with: false,
    localsName: 'locals',
    delimiter: '%',
    openDelimiter: '<',
    closeDelimiter: '>',
    cache: false,
    unsafePrototypeLocals: true,
  }
  // EJS's own include asks the disk and copies its options at every call; ours is a lookup. A view sees what it is handed, how to speak (`t`), and no more.
  const template = ejs.compile(`<% include = locals.$include; const { t } = locals -%>${readFileSync(filename, 'utf8')}`, options)
  const names = new Map<string, string>()
  const nameOf = (path: string): string => {
    const known = names.get(path) ?? (path.startsWith(OURS) ? path : posix.join(posix.dirname(name), path))
    names.set(path, known)
    return known
  }
  return (locals) => {
    const { t } = locals
    const include: Include = (path, inner = {}) => draw(nameOf(path), t === inner.t ? inner : { ...inner, t })
    // What somebody has put on Object.prototype is no local. (EJS would see to it too, more slowly.)
    return template(Object.assign(Object.create(null), locals, { $include: include }))
  }
}

/** Files below a folder, with / between: `menus/_list.ejs`. Those that begin with a dot are nobody's view. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()

/** What is wrong with a host's folder of views: it is not there, a file in it replaces none of ours, or cannot be compiled. */
export function viewFaults(folder: string, path: string): Fault[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    return [{ path, message: `${path} is "${folder}", which is no folder. Give the path of a folder: join(__dirname, 'views').`, actual: folder }]
  const ours = filesIn(viewsFolder())
  return filesIn(folder).flatMap((file): Fault[] => {
    if (!ours.includes(file)) {
      // Most likely the right name in the wrong folder, or with another ending.
      const near = ours.find((one) => posix.parse(one).name === posix.parse(file).name) ?? suggest(file, ours)
      return [
        {
          path,
          message: `"${file}" in ${path} replaces no view of ours.${near ? ` Did you mean "${near}"?` : ''}`,
          actual: file,
          ...(near ? { fix: near } : {}),
        },
      ]
    }
    try {
      compile(file.replace(/\.ejs$/, ''), join(folder, file), () => '')
      return []
    } catch (error) {
      return [{ path, message: `"${file}" in ${path} cannot be read as EJS: ${reasonOf(error).split('\n')[0]}.`, actual: file }]
    }
  })
}
