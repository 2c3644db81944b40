import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'

const ROOT = join(__dirname, '..', '..')
const isWindows = process.platform === 'win32'

/** A folder that is removed when the test file ends. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'wa-test-')))
  after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Builds the package and packs it as `npm publish` would. Answers the path of the tarball and the files in it. */
export function pack(): { tarball: string; files: string[] } {
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { stdio: 'inherit' })
  const to = folder()
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', to], {
    cwd: ROOT,
    encoding: 'utf8',
    shell: isWindows,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [packed] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }]
  return { tarball: join(to, packed.filename), files: packed.files.map((file) => file.path).sort() }
}

/**
 * A host's folder, as an install of the tarball would leave it, without asking a registry or compiling sqlite3 again: the package is
 * unpacked, its dependencies are links to those of this checkout. `beside` names the host's own: `{ express: 'express4' }`.
 */
export function install(tarball: string, beside: Record<string, string>): string {
  const host = folder()
  const ours = join(host, 'node_modules', 'wa-interactive')
  mkdirSync(ours, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', ours, '--strip-components=1'])
  const { dependencies } = JSON.parse(readFileSync(join(ours, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  for (const name of Object.keys(dependencies)) link(name, join(ours, 'node_modules', name))
  for (const [name, installed] of Object.entries(beside)) link(installed, join(host, 'node_modules', name))
  return host
}

function link(installed: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules', installed), path, isWindows ? 'junction' : 'dir')
}
