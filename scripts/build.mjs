// Compiles lib/ and migrations/ to dist/, and copies htmx to public/vendor/. Silent when all is well; exit code 1 and one sentence otherwise.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
/** Files of htmx.org's dist folder that the dashboard loads. */
const HTMX = ['htmx.min.js', 'ext/hx-sse.min.js']

try {
  build()
} catch (error) {
  console.error(`The build failed: ${error.message}`)
  process.exitCode = 1
}

/** Into a folder of its own, then file by file into place: what runs from dist/ at this moment never finds it empty or half-written. */
function build() {
  mkdirSync(dist, { recursive: true })
  removeAbandoned()
  const fresh = mkdtempSync(join(dist, '.new-'))
  try {
    compile(fresh)
    copyHtmx(join(fresh, 'vendor'))
    for (const folder of ['lib', 'migrations']) mirror(join(fresh, folder), join(dist, folder))
    mirror(join(fresh, 'vendor'), join(root, 'public', 'vendor'))
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function compile(to) {
  const tsc = join(dirname(find('typescript/package.json')), 'bin', 'tsc')
  const run = spawnSync(process.execPath, [tsc, '-p', root, '--outDir', to], { cwd: root, stdio: 'inherit' })
  if (run.error) throw run.error
  if (run.status !== 0) throw new Error('the TypeScript compiler reports the errors above. dist/ was left as it was.')
}

function copyHtmx(to) {
  const manifest = find('htmx.org/package.json')
  const { version, license } = JSON.parse(readFileSync(manifest, 'utf8'))
  mkdirSync(to)
  for (const file of HTMX) copyFileSync(join(dirname(manifest), 'dist', file), join(to, file.replace('ext/', '')))
  writeFileSync(join(to, 'manifest.json'), `${JSON.stringify({ package: 'htmx.org', version, license }, null, 2)}\n`)
}

/** Makes `to` hold what `from` holds, and touches only the files that differ. */
function mirror(from, to) {
  const wanted = new Set(filesIn(from))
  for (const file of wanted) {
    if (isSame(join(from, file), join(to, file))) continue
    mkdirSync(dirname(join(to, file)), { recursive: true })
    renameSync(join(from, file), join(to, file))
  }
  for (const file of filesIn(to)) if (!wanted.has(file)) rmSync(join(to, file), { force: true })
}

function isSame(a, b) {
  return existsSync(b) && readFileSync(a).equals(readFileSync(b))
}

function filesIn(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
}

/** What a build that was killed left behind; a build that runs beside this one is younger. */
function removeAbandoned() {
  const anHourAgo = Date.now() - 3_600_000
  for (const name of readdirSync(dist)) {
    const path = join(dist, name)
    if (name.startsWith('.new-') && statSync(path, { throwIfNoEntry: false })?.mtimeMs < anHourAgo) rmSync(path, { recursive: true, force: true })
  }
}

/** Path of a file of an installed package. */
function find(file) {
  try {
    return createRequire(import.meta.url).resolve(file)
  } catch {
    throw new Error(`${file.split('/')[0]} is not installed. Run: npm ci`)
  }
}
