import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

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

const templates = new Map<string, Template>()

/** Draws a view: `menus/_list` is `views/menus/_list.ejs`. Compiled once; nothing of the host's Express or EJS is touched or trusted. */
export function render(name: string, locals: Locals): string {
  let template = templates.get(name)
  if (!template) {
    template = compile(name)
    templates.set(name, template)
  }
  return template(locals)
}

function compile(name: string): Template {
  const filename = join(packageFolder(), 'views', `${name}.ejs`)
  // EJS is loaded at the first page. Its delimiters are named because a host may have changed those of its own (they are shared).
  const ejs = require('ejs') as { compile(source: string, options: object): Template }
  const options = { filename, strict: true, _with: false, localsName: 'locals', delimiter: '%', openDelimiter: '<', closeDelimiter: '>', cache: false }
  // EJS's own include asks the disk and copies its options at every call; ours is a lookup. A view sees what it is handed, how to speak (`t`), and no more.
  const template = ejs.compile(`<% include = locals.$include; const { t } = locals -%>${readFileSync(filename, 'utf8')}`, options)
  return (locals) => {
    const { t } = locals
    const include: Include = (path, inner = {}) => render(posix.join(posix.dirname(name), path), { ...inner, t })
    return template({ ...locals, $include: include })
  }
}
